import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A group of processes that get a share of a core together. */
export interface CpuQuota {
  /** Puts a process into the group, with all its threads and those that it will start. */
  readonly hold: (pid: number) => void;
  /** Removes the group; its processes must have ended. */
  readonly remove: () => void;
}

/** In microseconds. */
const period = 20_000;

/** The folder of the `cpu` controller's hierarchy: of cgroup v1 where that has it, else of v2, where it is switched on for sub-folders. */
const hierarchy = (): string => {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const own = mounts.find(([, , type, options]) => type === "cgroup" && options?.split(",").includes("cpu"))?.[1];
  if (own) return own;
  const unified = mounts.find(([, , type]) => type === "cgroup2")?.[1];
  if (!unified) throw new Error("there is no cgroup");
  writeFileSync(join(unified, "cgroup.subtree_control"), "+cpu");
  return unified;
};

/**
 * Makes a group whose processes get `share` of a core, as Lambda gives a function a share that depends on its memory: a cgroup of Linux.
 * Throws where none can be made, which mostly needs root.
 */
export const cpuQuota = (share: number): CpuQuota => {
  const group = join(hierarchy(), `impersonation-admission-${process.pid}`);
  mkdirSync(group);
  const set = (file: string, value: string | number): void => writeFileSync(join(group, file), String(value));
  try {
    const quota = Math.round(share * period);
    // The highest weight: the group gets its share even if the machine is busy.
    if (existsSync(join(group, "cpu.max"))) {
      set("cpu.max", `${quota} ${period}`);
      set("cpu.weight", 10_000);
    } else {
      set("cpu.cfs_period_us", period);
      set("cpu.cfs_quota_us", quota);
      set("cpu.shares", 262_144);
    }
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return { hold: (pid) => set("cgroup.procs", pid), remove: () => rmdirSync(group) };
};
