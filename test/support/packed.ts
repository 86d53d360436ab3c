import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Tarballs of this package and of its only dependency. */
export interface Tarballs {
  readonly own: string;
  readonly valibot: string;
}

export const runFile = (file: string, args: readonly string[], cwd: string) =>
  promisify(execFile)(file, [...args], { cwd });

/** npm with an empty cache and no registry, so that it can only use what lies on this disk. */
const npm = (args: readonly string[], cache: string, cwd: string) =>
  runFile("npm", [...args, "--offline", "--cache", cache, "--registry", "https://registry.invalid"], cwd);

/** Packs a package as npm would publish it, and returns the tarball's path. */
const pack = async (directory: string, folder: string, ...more: readonly string[]): Promise<string> => {
  const args = ["pack", "--json", "--pack-destination", folder, ...more];
  const { stdout } = await npm(args, join(folder, "cache"), directory);
  // The package's own scripts print the lines before it.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  return join(folder, (Array.isArray(packed) ? packed[0] : Object.values(packed)[0]).filename);
};

export const packAll = async (folder: string): Promise<Tarballs> => ({
  own: await pack(root, folder),
  valibot: await pack(join(root, "node_modules/valibot"), folder, "--ignore-scripts"),
});

/** Makes an empty project in a folder, beside a cache for npm, and installs the packages in it. */
export const installInto = async (directory: string, { own, valibot }: Tarballs): Promise<string> => {
  mkdirSync(directory);
  const dependencies = { "impersonation-admission": `file:${own}`, valibot: `file:${valibot}` };
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await npm(["install", "--no-audit", "--no-fund"], join(directory, "../cache"), directory);
  return directory;
};
