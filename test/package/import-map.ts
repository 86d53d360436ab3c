import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The conditions that a browser's import meets; a conditional export lists its conditions in the order of preference. */
const met = ["browser", "import", "module", "default"];

const targetOf = (exported: unknown): string | undefined => {
  if (typeof exported === "string") return exported;
  if (typeof exported !== "object" || exported === null) return undefined;
  for (const [condition, value] of Object.entries(exported)) {
    const target = met.includes(condition) ? targetOf(value) : undefined;
    if (target !== undefined) return target;
  }
  return undefined;
};

/** An import map for the modules that installed packages export, each where the package's own `exports` puts it. */
export const importMapOf = (directory: string, packages: readonly string[]) => ({
  imports: Object.fromEntries(
    packages.flatMap((name) => {
      const { exports } = JSON.parse(readFileSync(join(directory, "node_modules", name, "package.json"), "utf8"));
      return Object.entries<unknown>(exports).flatMap(([subpath, exported]) => {
        const target = targetOf(exported);
        const url = target && posix.join("/node_modules", name, target);
        return url && /\.m?js$/.test(url) ? [[posix.join(name, subpath), url]] : [];
      });
    }),
  ),
});
