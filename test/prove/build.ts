import { readArguments, run } from "../../infra/command-line/usage.ts";
import { binaries } from "../cluster/harness/binaries.ts";
import { smallForm } from "./versions.ts";

const help = `Builds the control planes that the small form of the proof needs, and prints their paths: ${smallForm.join(", ")}.

usage: npm run control-planes`;

const command = async (): Promise<void> => {
  readArguments({}, help);
  // One after the other: each build takes all cores.
  for (const version of smallForm) {
    const { apiServer } = await binaries(version);
    console.log(`${version}: ${apiServer}`);
  }
};

await run(command);
