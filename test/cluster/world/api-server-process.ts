import { readdirSync, readFileSync } from "node:fs";
import type { ControlPlane } from "../control-plane.ts";
import { type Guarded, startGuarded } from "../harness/guarded.ts";

/** The kube-apiserver of a control plane as a process that a test can stop and kill. */
export interface ApiServerProcess {
  /** Stops the process; its connections stay open (SIGSTOP). */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Ends the process at once (SIGKILL). */
  readonly kill: () => void;
  /** Starts a killed process again with the same arguments, and does not wait for it. The caller must end it. */
  readonly restart: () => Guarded;
}

const commandOf = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    // The process has ended in the meantime.
    return [];
  }
};

/** Finds the process by its port argument; needs Linux. */
export const apiServerProcessOf = ({ connection: { url, folder } }: ControlPlane): ApiServerProcess => {
  const port = `--secure-port=${new URL(url).port}`;
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
    .find(({ command: [program = "", ...args] }) => program.endsWith("kube-apiserver") && args.includes(port));
  if (!found) throw new Error(`no kube-apiserver listens on ${url}`);
  const [program = "", ...args] = found.command;
  const signal = (name: NodeJS.Signals) => () => void process.kill(found.pid, name);
  return {
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    kill: signal("SIGKILL"),
    restart: () => startGuarded(folder, "kube-apiserver-again", program, args),
  };
};
