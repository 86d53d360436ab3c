import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ProcessCost, processCost } from "../support/process-cost.ts";

/** A server in its own process. */
export interface ServedProcess {
  readonly url: string;
  readonly cost: () => ProcessCost;
  readonly stop: () => Promise<void>;
}

/** Starts a script of this repository and waits until it prints its address. Its log is discarded. */
export const serveProcess = (
  script: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<ServedProcess> =>
  serveProgram(process.execPath, [...nodeOptions, fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args]);

/** As `npm run proxy` starts it. */
export const proxyNodeOptions = ["--single-threaded-gc", "--max-semi-space-size=64"] as const;

/** The same for any program. */
export const serveProgram = async (program: string, args: readonly string[]): Promise<ServedProcess> => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text = (text + more).slice(-10_000);
      const found = /listening on (https:\S+?),?\s/.exec(text)?.[1];
      if (found) resolve(found);
    });
    exited.then(() => reject(new Error(`${[program, ...args].join(" ")} ended: ${errors}`)));
  });
  return {
    url,
    cost: () => processCost(child.pid ?? 0),
    stop: async () => {
      child.kill();
      await exited;
    },
  };
};
