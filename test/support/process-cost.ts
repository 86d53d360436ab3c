import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The resources that a process has used so far. On systems other than Linux all are undefined. */
export interface ProcessCost {
  /** CPU time of all its threads, in milliseconds, from the scheduler. */
  readonly cpu: number | undefined;
  /** Resident memory in MiB. */
  readonly memory: number | undefined;
  /** Open sockets, listening ones included. */
  readonly sockets: number | undefined;
}

const orUndefined = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const isSocket = (link: string): boolean => orUndefined(() => readlinkSync(link))?.startsWith("socket:") ?? false;

export const processCost = (pid: number): ProcessCost => ({
  cpu: orUndefined(() =>
    readdirSync(`/proc/${pid}/task`)
      .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
      .reduce((sum, nanoseconds) => sum + nanoseconds / 1e6, 0),
  ),
  memory: orUndefined(() => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024),
  sockets: orUndefined(() => readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(`/proc/${pid}/fd/${fd}`)).length),
});
