import { parseArgs } from "node:util";
import { type Figures, median, type Row, rounded, tableOf } from "./figures.ts";
import { measureLoads } from "./measure-loads.ts";

const help = `Measures how long Node takes to load bundles: to compile them, and to run what they do when they are loaded.

usage: node test/bench/load-time.ts FILE... [--rounds N]

  FILE...       CommonJS bundles, such as dist/admission.js and a copy of it that was built in another way
  --rounds N    new processes for each file, in turns (60)

Node's own modules are loaded before the clock starts.`;

const { positionals, values } = parseArgs({
  options: { rounds: { type: "string", default: "60" }, help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});

const measure = (files: readonly string[], rounds: number): Figures => {
  const rows = [...measureLoads(files, rounds)].map(([variant, all]): Row => {
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
