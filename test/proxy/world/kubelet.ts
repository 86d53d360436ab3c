import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guarded, startGuarded } from "../../cluster/harness/guarded.ts";
import { goProgram } from "./go-program.ts";

/** A kubelet for one node, whose containers are processes of this machine. */
export interface Kubelet extends Guarded {
  readonly port: number;
  /** One line for each request, and for each client that left. */
  readonly log: () => string;
}

/** Starts it; builds it first where it is not built. */
export const startKubelet = async (folder: string): Promise<Kubelet> => {
  const guarded = startGuarded(folder, "kubelet", goProgram("kubelet").build(), ["-listen", "127.0.0.1:0"]);
  const log = () => readFileSync(join(folder, "kubelet.log"), "utf8");
  for (let tries = 0; tries < 100; tries += 1) {
    const port = Number(/"listening":"127\.0\.0\.1:(\d+)"/.exec(log())?.[1]);
    if (port > 0) return { ...guarded, port, log };
    await sleep(50);
  }
  await guarded.stop();
  throw new Error(`the kubelet did not start:\n${log()}`);
};
