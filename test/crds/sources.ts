import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/crds/", import.meta.url));

/** Why the sources cannot be had; undefined where they can. */
export function missingTool(): string | undefined {
  const tool = ["go", "npm", "tar"].find((name) => spawnSync(name, ["version"]).error !== undefined);
  return tool === undefined ? undefined : `${tool} is not on the PATH`;
}

/** Module paths, each with the version that go.mod pins. */
const pinned = new Map(
  [...readFileSync(join(here, "go.mod"), "utf8").matchAll(/^\t(\S+) (v\S+)$/gm)].map(([, path = "", version = ""]) => [
    path,
    version,
  ]),
);

/** The version of a Go module that the presets are checked against. */
export function versionOf(module: string): string {
  const version = pinned.get(module);
  if (version === undefined) throw new Error(`test/crds/go.mod does not pin ${module}`);
  return version;
}

/** The folder of a Go module, in Go's module cache. `go` compares it with go.sum, which must know it. */
export function moduleFolder(module: string): string {
  const version = versionOf(module);
  const known = readFileSync(join(here, "go.sum"), "utf8");
  if (!known.includes(`${module} ${version} h1:`))
    throw new Error(`test/crds/go.sum does not know ${module} ${version}`);
  const command = ["mod", "download", "-json", `${module}@${version}`];
  return JSON.parse(execFileSync("go", command, { cwd: here, encoding: "utf8" })).Dir;
}

/** A package of the npm registry, with the checksum of its archive. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** The text of a file in a published package. */
export function fileOfPackage({ name, version, integrity }: PublishedPackage, file: string): string {
  mkdirSync(cache, { recursive: true });
  const command = ["pack", `${name}@${version}`, "--json", "--prefer-offline", "--pack-destination", cache];
  const packed = Object.values<{ readonly filename: string; readonly integrity: string }>(
    JSON.parse(execFileSync("npm", command, { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
  )[0];
  if (packed?.integrity !== integrity) throw new Error(`${name}@${version} has the checksum ${packed?.integrity}`);
  const archive = join(cache, packed.filename.replace("@", "").replace("/", "-"));
  return execFileSync("tar", ["-xzOf", archive, `package/${file}`], { encoding: "utf8" });
}
