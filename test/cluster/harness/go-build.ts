import { spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

export interface GoBuild {
  /** For messages, such as `Kubernetes v1.37.2`. */
  readonly what: string;
  /** The folder of the go.mod that names the tools. */
  readonly module: string;
  /** Gets the programs. An interrupted build leaves nothing in it. */
  readonly folder: string;
  /** Flags for the linker besides `-s -w`. */
  readonly ldflags?: string;
}

const progressEvery = 15_000;

const elapsed = (since: number): string => {
  const seconds = Math.round((Date.now() - since) / 1000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
};

/** Builds the tools of a Go module, and reports its progress on stderr. */
export const goBuild = async ({ what, module, folder, ldflags = "" }: GoBuild): Promise<void> => {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const since = Date.now();
  let lines: readonly string[] = ["(starting)"];
  const say = () => process.stderr.write(`building ${what} with go: ${elapsed(since)}, at ${lines.at(-1)}\n`);
  say();
  const progress = setInterval(say, progressEvery);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      const args = ["build", "-v", "-trimpath", "-ldflags", `-s -w ${ldflags}`.trim(), "-o", `${partial}/`, "tool"];
      const child = spawn("go", args, { cwd: module, stdio: ["ignore", "ignore", "pipe"] });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        lines = [...lines, ...text.split("\n").filter(Boolean)].slice(-20);
      });
      child.on("error", reject).on("close", resolve);
    });
    if (code !== 0) throw new Error(`go build of ${what} failed:\n${lines.join("\n")}`);
  } finally {
    clearInterval(progress);
  }
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  process.stderr.write(`built ${what} in ${elapsed(since)}\n`);
};
