import { binaries } from "../cluster/harness/binaries.ts";
import { smallForm } from "./versions.ts";

// One after the other: each build takes all cores.
for (const version of smallForm) {
  const { apiServer } = await binaries(version);
  console.log(`${version}: ${apiServer}`);
}
