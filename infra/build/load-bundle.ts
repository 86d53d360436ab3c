import { readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFunctions } from "./build-functions.ts";

/** What the bundle of the function exports. */
export type Bundle = typeof import("../../functions/admission.ts");

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = join(root, "dist/admission.js");

/** All that the bundle is made of, and with. */
const sources = (): readonly string[] => [
  ...["functions", "lib", "infra/build"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)),
  ),
  join(root, "package-lock.json"),
];

const changed = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Builds the function where a source changed since, and loads what would be deployed: every local command runs that, not the sources. */
export async function loadBundle(): Promise<Bundle> {
  const built = changed(file);
  if (sources().some((source) => changed(source) >= built)) {
    const now = new Date();
    await buildFunctions();
    // A source that was saved while this was built is younger.
    utimesSync(file, now, now);
  }
  const { default: bundle } = await import("../../dist/admission.js" as string);
  return bundle as Bundle;
}
