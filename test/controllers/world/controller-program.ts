import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isExecutable, onPath } from "../../cluster/harness/binaries.ts";
import { goBuild } from "../../cluster/harness/go-build.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

interface Pinned {
  /** The folder of the go.mod. */
  readonly module: string;
  readonly version: string;
  readonly program: string;
}

/** The controller whose package the one `tool` line of `test/controllers/<name>/go.mod` names. */
const pinned = (name: string): Pinned => {
  const module = join(folder, name);
  const text = readFileSync(join(module, "go.mod"), "utf8");
  const [, tool = ""] = /^tool (\S+)$/m.exec(text) ?? [];
  // The package may lie in a folder of its module.
  const required = [...text.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, path = "", version = ""]) => ({ path, version }));
  const found = required.find(({ path }) => tool === path || tool.startsWith(`${path}/`));
  if (!found) throw new Error(`${module}/go.mod has no tool whose version it requires`);
  const program = tool.split("/").at(-1) ?? "";
  return { module, version: found.version, program: join(folder, "bin", name, found.version, program) };
};

/** The version of a controller that its go.mod pins, such as `v1.9.6`. */
export const controllerVersion = (name: string): string => pinned(name).version;

/** Why a controller cannot run; undefined where it can. Its resources are read from the Go module, even where it is built. */
export const missingController = (name: string): string | undefined =>
  onPath("go") ? undefined : `there is no go to build ${name} ${controllerVersion(name)} and to read its resources`;

/**
 * The path of a controller's program, built first if necessary, which takes minutes.
 *
 * @param name a folder of `test/controllers` with a go.mod, which names one tool
 */
export const controllerProgram = async (name: string): Promise<string> => {
  const { module, version, program } = pinned(name);
  if (!isExecutable(program))
    await goBuild({ what: `${name} ${version}`, module, folder: join(folder, "bin", name, version) });
  return program;
};
