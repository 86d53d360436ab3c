import { spawn } from "node:child_process";
import { once } from "node:events";
import { goProgram } from "./go-programs.ts";

/** What the load generator in Go says of its calls. */
export interface GoLoad {
  readonly answers: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Runs the load generator. Throws where a call failed. `whenOpen` is called once all watches are open, before the first event. */
export const goLoad = async (args: readonly string[], whenOpen?: () => void): Promise<GoLoad> => {
  const child = spawn(goProgram("load"), args, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  let isOpen = false;
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    if (whenOpen === undefined || isOpen || !text.includes("\n")) return;
    isOpen = true;
    setTimeout(() => {
      whenOpen();
      child.stdin.write("\n");
    }, 1_000);
  });
  await once(child, "close");
  const { failed, ...result } = JSON.parse(text.trim().split("\n").at(-1) ?? "");
  if (failed !== 0) throw new Error(`${failed} requests of ${args.join(" ")} failed`);
  return { bytes: 0, seconds: 0, ...result };
};
