import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadBundle } from "../build/load-bundle.ts";
import { defineCommand } from "../command-line/command.ts";
import { root } from "../command-line/installation.ts";
import { printableJson } from "../command-line/printable-json.ts";
import { screenOf, uncut } from "../command-line/screen.ts";
import { answerOptions, outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { wrapped } from "../command-line/text-width.ts";
import { UsageError } from "../command-line/usage.ts";
import { eventInFull } from "../local/event-in-full.ts";
import { localCluster } from "../local/local-cluster.ts";
import { outcomesTable, type Tried } from "../local/outcomes-table.ts";
import { readSample } from "../local/sample.ts";
import { eventTrier, mismatches } from "../local/try-event.ts";

const events = join(root, "events/webhook/");

const firstScreenFile = join(root, "events/first-screen.json");

export const invoke = defineCommand({
  synopsis: "[EVENT...] [options]",
  argument: {
    name: "EVENT",
    isFile: true,
    text: "a file, or - for standard input; one is shown in full (all sample events)",
  },
  options: {
    endpoint: {
      choices: ["mutate", "validate"],
      text: "the endpoint of AdmissionReviews that do not say theirs (mutate)",
    },
    ...answerOptions,
    policy: sharedOptions.policy,
    all: {
      text: "show each sample event; a terminal shows some fifteen that tell the most, and those with an unexpected result",
    },
    output: outputOption("table", "json"),
  },
  notes: "Exit status: 0 all as expected, 1 the result of an event differs from what it expects, 2 a wrong argument.",
  run: async ({ values, positionals }) => {
    const { endpoint = "mutate", output } = values;
    if (values.all && positionals.length > 0)
      throw new UsageError("--all shows each sample event; leave it out if events are named");
    const files = positionals.length > 0 ? positionals : sampleFiles();
    const samples = files.map((file) => readSample(file, endpoint));
    if (values.endpoint !== undefined && samples.every(({ hasEndpoint }) => hasEndpoint))
      throw new UsageError(`--endpoint ${endpoint} has no effect: each event names its endpoint; leave it out`);
    const clusterOf = localCluster(values);
    const attempt = eventTrier(await loadBundle(), clusterOf);
    const tried: Tried[] = [];
    for (const sample of samples) {
      const result = await attempt(sample);
      tried.push({ sample, result, wrong: mismatches(sample, result) });
    }
    const screen = screenOf(process.stdout);
    const named = positionals.length > 0 || screen.columns === uncut.columns;
    if (output === "json") console.log(printableJson(tried.map(({ result }) => result)));
    else if (positionals.length === 1 && tried[0]) console.log(eventInFull(screen, tried[0]));
    else console.log(outcomesTable(screen, tried, { named, chosen: named || values.all ? undefined : firstScreen() }));
    const errors = screenOf(process.stderr);
    for (const { result, wrong } of tried)
      for (const sentence of wrong)
        console.error(errors.paint("red", wrapped(`${result.event}: ${sentence}`, errors.columns)));
    if (tried.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
  },
});

const sampleFiles = (): readonly string[] =>
  readdirSync(events)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => `${events}${file}`);

/** The names of the events that tell the most, in the order in which a reader should meet them. */
const firstScreen = (): readonly string[] => JSON.parse(readFileSync(firstScreenFile, "utf8"));
