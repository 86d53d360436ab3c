import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A child process that cannot outlive this one. */
export interface Guarded {
  /** The last lines that it wrote. */
  readonly tail: () => string;
  readonly hasExited: () => boolean;
  readonly stop: () => Promise<void>;
}

const guard = fileURLToPath(new URL("./guard.ts", import.meta.url));
const tailLines = 25;

/** Where and with which environment a guarded command runs. Default: as this process. */
export interface Surroundings {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * Starts a command under the guard, its output in `<folder>/<name>.log`. The folder is removed when the command is stopped.
 * In a process group of its own: an interrupt at the terminal reaches this process, which then stops it.
 */
export const startGuarded = (
  folder: string,
  name: string,
  command: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Guarded => {
  const log = join(folder, `${name}.log`);
  const file = openSync(log, "a");
  const child: ChildProcess = spawn(process.execPath, [guard, folder, command, ...args], {
    stdio: ["pipe", file, file],
    detached: true,
    ...surroundings,
  });
  closeSync(file);
  const exited = new Promise<void>((resolve) => {
    child.once("error", () => resolve()).once("exit", () => resolve());
  });
  return {
    tail: () => `--- ${name} ---\n${readFileSync(log, "utf8").trimEnd().split("\n").slice(-tailLines).join("\n")}`,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    stop: () => {
      child.stdin?.end();
      return exited;
    },
  };
};
