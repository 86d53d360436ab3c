import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Figures, median, type Row, rounded, tableOf } from "./figures.ts";

const help = `Measures how long Node takes to load bundles: to compile them, and to run what they do when they are loaded.

usage: node test/bench/load-time.ts FILE... [--rounds N]

  FILE...       CommonJS bundles, such as dist/admission.js and a copy of it that was built in another way
  --rounds N    new processes for each file, in turns (60)

Node's own modules are loaded before the clock starts.`;

const { positionals, values } = parseArgs({
  options: { rounds: { type: "string", default: "60" }, help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});

/** A new process prints milliseconds of the CPU, and of the clock. */
const program = (file: string): string => `
for (const name of ["https", "crypto", "http", "dns", "fs", "path", "util", "url"]) require("node:" + name);
const [cpu, clock] = [process.cpuUsage(), performance.now()];
require(${JSON.stringify(resolve(file))});
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify([(user + system) / 1000, performance.now() - clock]));
process.exit();`;

const load = (file: string): readonly [cpu: number, clock: number] => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", program(file)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} cannot be loaded: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
};

const measure = (files: readonly string[], rounds: number): Figures => {
  const loads = new Map(files.map((file) => [file, [] as (readonly [number, number])[]]));
  for (let round = 0; round <= rounds; round++)
    for (const file of round % 2 ? files : files.toReversed()) {
      const loaded = load(file);
      // The first round reads from disk.
      if (round > 0) loads.get(file)?.push(loaded);
    }
  const rows = [...loads].map(([variant, all]): Row => {
    const clocks = all.map(([, clock]) => clock);
    const cpu = median(all.map(([each]) => each));
    return {
      variant,
      values: { "CPU ms": rounded(cpu), "p50 ms": rounded(median(clocks)), "min ms": rounded(Math.min(...clocks)) },
    };
  });
  return { name: "load", title: "loading", against: "", how: `${rounds} processes for each, in turns; medians.`, rows };
};

const rounds = Number(values.rounds);
if (values.help) console.log(help);
else if (positionals.length === 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`Name one bundle or more, and a number of rounds from 1 on.\n\n${help}`);
  process.exitCode = 2;
} else console.log(tableOf(measure(positionals, rounds)));
