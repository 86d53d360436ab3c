import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Guarded, startGuarded } from "../../cluster/harness/guarded.ts";
import { until } from "../../cluster/world/until.ts";
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
  const listening = async () => Number(/"listening":"127\.0\.0\.1:(\d+)"/.exec(log())?.[1] ?? 0) || undefined;
  try {
    return { ...guarded, port: await until("the kubelet listens", listening), log };
  } catch (error) {
    const said = log();
    await guarded.stop();
    throw new Error(`the kubelet did not start:\n${said}`, { cause: error });
  }
};
