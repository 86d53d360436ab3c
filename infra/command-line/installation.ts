import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join, sep } from "node:path";

/** Whether this program runs from a clone of the repository, where npm scripts call it, or from the packed package. */
const isClone = import.meta.filename.endsWith(".ts");

/** Whether npx installed the package into its cache, only for this call. */
const isNpx = import.meta.dirname.split(sep).includes("_npx");

/** The root of the clone or of the package; both hold `package.json` and `events/` there. The program is two folders below. */
export const root = join(import.meta.dirname, "../..");

/**
 * Keeps what Node compiles of the sources of a clone, which is most of the time of a short command. The packed program keeps nothing: it
 * compiles little, and the usual place is a folder that other users of a machine can write to.
 */
export function keepCompiledSources(): void {
  if (isClone) enableCompileCache(join(root, "node_modules/.cache/node"));
}

/** The version in `package.json`. */
export function version(): string {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

/**
 * How to call a command in the form in which this program was called. It is never the bare name with npx: the package is not published, and
 * anyone could register the name.
 *
 * @example calledAs("report") // npm run -s report --
 */
export function calledAs(command: string): string {
  if (isClone) return `npm run -s ${command} --`;
  return `${isNpx ? `npx ./impersonation-admission-${version()}.tgz` : "impersonation-admission"} ${command}`;
}
