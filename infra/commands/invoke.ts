import { readdirSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import Table from "cli-table3";
import { createTwoFilesPatch } from "diff";
import fastJsonPatch, { type Operation } from "fast-json-patch";
import { printable } from "../../lib/meta/index.ts";
import type { AdmissionReviewAnswer } from "../../lib/review/index.ts";
import { loadBundle } from "../build/load-bundle.ts";
import { defineCommand } from "../command-line/command.ts";
import { root } from "../command-line/installation.ts";
import { answerOptions, outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { localCluster } from "../local/local-cluster.ts";
import { readSample, type Sample } from "../local/sample.ts";
import { eventTrier, mismatches, type TriedEvent } from "../local/try-event.ts";

const events = join(root, "events/webhook/");

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
    output: outputOption("table", "json"),
  },
  notes: "Exit status: 0 all as expected, 1 the result of an event differs from what it expects, 2 a wrong argument.",
  run: async ({ values, positionals }) => {
    const { endpoint = "mutate", output } = values;
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
    if (output === "json")
      console.log(
        JSON.stringify(
          tried.map(({ result }) => result),
          null,
          2,
        ),
      );
    else if (positionals.length === 1 && tried[0]) console.log(inFull(tried[0]));
    else console.log(asTable(tried));
    for (const { result, wrong } of tried)
      for (const sentence of wrong) console.error(paint("red", `${result.event}: ${sentence}`, process.stderr));
    if (tried.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
  },
});

interface Tried {
  readonly sample: Sample;
  readonly result: TriedEvent;
  readonly wrong: readonly string[];
}

const sampleFiles = (): readonly string[] =>
  readdirSync(events)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => `${events}${file}`);

type Colour = Parameters<typeof styleText>[0];
const paint = (colour: Colour, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(colour, text, { stream });

const colours: Readonly<Record<string, Colour>> = {
  skipped: "dim",
  self: "green",
  permitted: "green",
  defaulted: "yellow",
  replaced: "yellow",
  denied: "red",
};

const asTable = (tried: readonly Tried[]): string => {
  const line = (left: string, middle: string, right: string) => ({ left, middle, right });
  const plain = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    mid: "",
    "left-mid": "",
    "mid-mid": "",
    "right-mid": "",
    ...line("", "  ", ""),
  };
  const table = new Table({ chars: plain, style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
  table.push(
    ["EVENT", "REQUESTER", "DECLARED", "OUTCOME", "EFFECTIVE", "QUESTIONS ASKED"].map((title) => paint("bold", title)),
  );
  for (const { result, wrong } of tried) {
    const { event, requester, declared, outcome, effective, questions } = result;
    const asked = questions.map(({ question, answer }) => printable(`${question}: ${answer}`)).join("\n");
    const verdict =
      paint(colours[outcome] ?? "cyan", outcome) + (wrong.length > 0 ? paint("red", " (unexpected)") : "");
    table.push([event, requester || "-", declared || "-", verdict, effective || "-", asked || "-"]);
  }
  const unexpected = tried.filter(({ wrong }) => wrong.length > 0).length;
  const count = `${tried.length} events, ${unexpected === 0 ? "all as expected" : `${unexpected} not as expected`}`;
  return `${table.toString().replace(/ +$/gm, "")}\n\n${count}`;
};

/** One event with everything that can be known of it. */
const inFull = ({ sample, result }: Tried): string => {
  const { response, questions, ...summary } = result;
  const { patch } = (response as Partial<AdmissionReviewAnswer>).response ?? {};
  const operations: Operation[] = patch ? JSON.parse(Buffer.from(patch, "base64").toString("utf8")) : [];
  const section = (title: string, text: string) => `${paint("bold", title)}\n${text.trimEnd()}\n`;
  const lines = Object.entries(summary).map(([key, value]) => `${`${key}:`.padEnd(11)}${value || "-"}`);
  return [
    section("OUTCOME", lines.join("\n")),
    section(
      "QUESTIONS",
      questions
        .map(
          ({ question, answer, reason }) =>
            `${printable(question)}: ${answer}${reason ? ` (${printable(reason)})` : ""}`,
        )
        .join("\n") || "none",
    ),
    section("RESPONSE", JSON.stringify(response, null, 2)),
    ...(operations.length > 0
      ? [
          section("PATCH", operations.map((operation) => JSON.stringify(operation)).join("\n")),
          section("OBJECT", objectDiff(sample.object, operations)),
        ]
      : []),
  ].join("\n");
};

const objectDiff = (object: unknown, operations: Operation[]): string => {
  const after = fastJsonPatch.applyPatch(structuredClone(object), operations).newDocument;
  const [old, patched] = [object, after].map((each) => yamlText([each as object]));
  const lines = createTwoFilesPatch("before", "after", old ?? "", patched ?? "")
    .split("\n")
    .slice(1);
  const colour = (line: string): string =>
    line.startsWith("+") ? paint("green", line) : line.startsWith("-") ? paint("red", line) : line;
  return lines.map((line) => colour(printable(line))).join("\n");
};
