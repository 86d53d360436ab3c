import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** Milliseconds of the CPU and of the clock. */
export type Load = readonly [cpu: number, clock: number];

/** A new process prints its load of a file. Node's own modules are loaded before the clock starts. */
const program = (file: string): string => `
for (const name of ["https", "crypto", "http", "dns", "fs", "path", "util", "url"]) require("node:" + name);
const [cpu, clock] = [process.cpuUsage(), performance.now()];
require(${JSON.stringify(resolve(file))});
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify([(user + system) / 1000, performance.now() - clock]));
process.exit();`;

const load = (file: string): Load => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", program(file)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} cannot be loaded: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
};

/** Loads CommonJS bundles, each in so many new processes, in turns. */
export const measureLoads = (files: readonly string[], rounds: number): ReadonlyMap<string, readonly Load[]> => {
  const loads = new Map(files.map((file) => [file, [] as Load[]]));
  for (let round = 0; round <= rounds; round++)
    for (const file of round % 2 ? files : files.toReversed()) {
      const loaded = load(file);
      // The first round reads from disk.
      if (round > 0) loads.get(file)?.push(loaded);
    }
  return loads;
};
