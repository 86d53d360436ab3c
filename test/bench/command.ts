import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { readArguments, run, UsageError } from "../../infra/command-line/usage.ts";
import { requireRuntimeClient } from "../runtime/runtime-client.ts";
import { chartOf } from "./chart.ts";
import { type BenchCluster, startBenchCluster } from "./cluster.ts";
import { coldStarts } from "./cold.ts";
import { createLatency } from "./create.ts";
import { type Figures, tableOf } from "./figures.ts";
import { forwarding } from "./forwarding.ts";
import { inTreeLatency } from "./in-tree.ts";
import { policySizes } from "./policies.ts";
import { reviewSizes } from "./sizes.ts";
import { smallFunction } from "./small.ts";
import { throughput } from "./throughput.ts";
import { buildVariants } from "./variants.ts";
import { warmDecisions } from "./warm.ts";

/** The output of `-o json`. */
interface Stored {
  readonly node: string;
  readonly benchmarks: readonly Figures[];
}

const names = ["cold", "small", "warm", "sizes", "policies", "throughput", "create", "in-tree", "proxy"] as const;
type Name = (typeof names)[number];

const help = `Measures the function against minimal baselines that do the same work, and prints ratios.

usage: npm run bench -- [options]

  --only NAME      one of ${names.join(", ")}; may be repeated (all)
  --rounds N       of cold starts and small functions; the others are repeated in proportion (20)
  --chart FILE     draw the ratios, FILE.svg, and for dark pages FILE-dark.svg
  --from FILE      do not measure: read the figures that -o json wrote earlier
  -o text|json     (text)

Variants are run in turns, so that other load on the machine affects all of them. Compare the ratios: the milliseconds are this machine's.
All but sizes, policies and proxy need a kube-apiserver, as the cluster suite does. cold, small and warm need the Lambda runtime client, which is built first.

  cold             init of a start on a whole core, and its first answer, compared with an empty function
  small            the same for a function of 512 MB: a whole core for its init, 0.29 of one for its answers, the first, second and
                   tenth of which are shown. It needs a cgroup, and with it Linux and root
  warm             consecutive answers of running instances
  sizes            one review of 5 KB to 2.8 MB in one process, compared with JSON.parse
  policies         one review by a policy of one preset, and by a policy of all presets
  throughput       answers a second of npm start
  create           latency of a CREATE at the API server, guarded and unguarded
  in-tree          the same for objects of Flux and Argo: unguarded, with the function, and with admission policies
  proxy            the impersonating proxy compared with Go's httputil.ReverseProxy; needs Go`;

const measure = async (
  name: Name,
  rounds: number,
  cluster: () => Promise<BenchCluster>,
): Promise<readonly Figures[]> => {
  switch (name) {
    case "sizes":
      return [await reviewSizes(rounds * 2)];
    case "policies":
      return [await policySizes(rounds * 2)];
    case "throughput":
      return [await throughput(await cluster(), rounds / 2)];
    case "create":
      return [await createLatency(await cluster(), rounds * 15)];
    case "in-tree":
      return [await inTreeLatency(await cluster(), rounds * 2)];
    case "proxy":
      return forwarding(Math.ceil(rounds / 2));
    default: {
      requireRuntimeClient();
      const { variants, remove } = await buildVariants(await cluster());
      try {
        if (name === "cold") return [await coldStarts(variants, rounds)];
        if (name === "small") return [await smallFunction(variants, rounds)];
        return [await warmDecisions(variants, rounds * 50)];
      } finally {
        await remove();
      }
    }
  }
};

const measureAll = async (chosen: readonly Name[], rounds: number, done: (figures: Figures) => void): Promise<void> => {
  let started: Promise<BenchCluster> | undefined;
  const cluster = () => (started ??= startBenchCluster());
  try {
    for (const name of chosen) {
      console.error(`measuring ${name}`);
      for (const figures of await measure(name, rounds, cluster)) done(figures);
    }
  } finally {
    await (await started)?.stop();
  }
};

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      only: { type: "string", multiple: true, default: [...names] },
      rounds: { type: "string", default: "20" },
      chart: { type: "string" },
      from: { type: "string" },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const { only, output, chart, from } = values;
  const unknown = only.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`--only ${unknown} is not one of ${names.join(", ")}`);
  if (output !== "text" && output !== "json") throw new UsageError(`-o ${output} is not text or json`);
  if (!/^[1-9]\d{0,3}$/.test(values.rounds))
    throw new UsageError(`--rounds ${values.rounds} is not a number from 1 on`);
  if (chart !== undefined && !chart.endsWith(".svg")) throw new UsageError(`--chart ${chart} does not end in .svg`);

  const all: Figures[] = [];
  const chosen = names.filter((name) => only.includes(name));
  const done = (figures: Figures): void => {
    all.push(figures);
    if (output === "text") console.log(`\n${tableOf(figures)}`);
  };
  if (from === undefined) await measureAll(chosen, Number(values.rounds), done);
  else {
    const { benchmarks }: Stored = JSON.parse(readFileSync(from, "utf8"));
    for (const figures of benchmarks.filter(({ name }) => only.includes(name))) done(figures);
  }
  if (chart !== undefined) {
    await writeFile(chart, await chartOf(all, "light"));
    await writeFile(chart.replace(/\.svg$/, "-dark.svg"), await chartOf(all, "dark"));
  }
  if (output === "json") {
    const stored: Stored = { node: process.version, benchmarks: all };
    console.log(JSON.stringify(stored, null, 2));
  }
};

await run(command);
