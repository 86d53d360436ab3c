import { readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The exports of the function's bundle. */
export type Bundle = typeof import("../../functions/admission.ts");

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = join(root, "dist/admission.js");

/** The bundle's sources and the files that build it. */
const sources = (): readonly string[] => [
  ...["functions", "lib", "infra/build"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)),
  ),
  join(root, "package-lock.json"),
];

const changed = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * Loads the bundle that would be deployed, which every local command runs instead of the sources. Builds it first where a source is newer.
 */
export async function loadBundle(): Promise<Bundle> {
  const built = changed(file);
  if (sources().some((source) => changed(source) >= built)) {
    const now = new Date();
    // esbuild is loaded only to build.
    const { buildFunctions } = await import("./build-functions.ts");
    await buildFunctions();
    // A source that was saved during the build is newer than the bundle.
    utimesSync(file, now, now);
  }
  const { default: bundle } = await import("../../dist/admission.js" as string);
  return bundle as Bundle;
}
