import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadBundle } from "../build/load-bundle.ts";
import { defineCommand } from "../command-line/command.ts";
import { root } from "../command-line/installation.ts";
import { printableJson } from "../command-line/printable-json.ts";
import { type Screen, screenOf, uncut } from "../command-line/screen.ts";
import { answerOptions, outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { wrapped } from "../command-line/text-width.ts";
import { UsageError } from "../command-line/usage.ts";
import { eventInFull } from "../local/event-in-full.ts";
import { localCluster } from "../local/local-cluster.ts";
import { outcomesTable, type Tried } from "../local/outcomes-table.ts";
import { requestInFull } from "../local/request-in-full.ts";
import { requestsTable, type TriedProxySample } from "../local/requests-table.ts";
import { readSample } from "../local/sample.ts";
import { chosenOf, countOfTried } from "../local/tried.ts";
import { eventTrier, mismatches } from "../local/try-event.ts";
import { requestMismatches, tryRequest } from "../local/try-request.ts";

/** The folders of sample events, in the order in which they are shown. */
const folders = [join(root, "events/webhook/"), join(root, "events/proxy/")];

const samplePolicyFile = join(root, "events/policy.yaml");

const firstScreenFile = join(root, "events/first-screen.json");

export const invoke = defineCommand({
  synopsis: "[EVENT...] [options]",
  argument: {
    name: "EVENT",
    isFile: true,
    text: "a file with an AdmissionReview, an API Gateway event or a request to the proxy, or - for standard input; one is shown in full (all sample events)",
  },
  options: {
    endpoint: {
      choices: ["mutate", "validate"],
      text: "the endpoint of AdmissionReviews that do not say theirs (mutate)",
    },
    ...answerOptions,
    policy: {
      ...sharedOptions.policy,
      text: "the policy: built in, a preset, or in a file (events/policy.yaml: each preset)",
    },
    all: {
      text: "show each sample event; a terminal shows those that tell the most, and those with an unexpected result",
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
    if (values.endpoint !== undefined && samples.every((sample) => sample.door === "proxy" || sample.hasEndpoint))
      throw new UsageError(`--endpoint ${endpoint} has no effect: each event names its endpoint; leave it out`);
    if (values.policy !== undefined && samples.every(({ door }) => door === "proxy"))
      throw new UsageError(
        `--policy ${values.policy} has no effect: a request to the proxy has no policy; leave it out`,
      );
    const clusterOf = localCluster({ ...values, policy: values.policy ?? samplePolicyFile });
    const bundle = await loadBundle();
    const attempt = eventTrier(bundle, clusterOf);
    const { ask } = clusterOf(bundle);
    const webhook: Tried[] = [];
    const proxy: TriedProxySample[] = [];
    for (const sample of samples)
      if (sample.door === "proxy") {
        const result = await tryRequest(sample, ask);
        proxy.push({ sample, result, wrong: requestMismatches(sample, result) });
      } else {
        const result = await attempt(sample);
        webhook.push({ sample, result, wrong: mismatches(sample, result) });
      }
    const tried = [...webhook, ...proxy];
    const screen = screenOf(process.stdout);
    const named = positionals.length > 0 || screen.columns === uncut.columns;
    if (output === "json") console.log(printableJson(tried.map(({ result }) => result)));
    else if (positionals.length === 1 && webhook[0]) console.log(eventInFull(screen, webhook[0]));
    else if (positionals.length === 1 && proxy[0]) console.log(requestInFull(screen, proxy[0].result));
    else console.log(bothTables(screen, { webhook, proxy }, { named, isAll: named || values.all }));
    const errors = screenOf(process.stderr);
    for (const { result, wrong } of tried)
      for (const sentence of wrong)
        console.error(errors.paint("red", wrapped(`${result.event}: ${sentence}`, errors.columns)));
    if (tried.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
  },
});

interface TriedByDoor {
  readonly webhook: readonly Tried[];
  readonly proxy: readonly TriedProxySample[];
}

/** A table for each door that has events, and how many there are. Titles say which door it is, where there are both. */
const bothTables = (
  screen: Screen,
  { webhook, proxy }: TriedByDoor,
  { named, isAll }: { readonly named: boolean; readonly isAll: boolean },
): string => {
  const names = isAll ? undefined : firstScreen();
  const shown = { webhook: chosenOf(webhook, names), proxy: chosenOf(proxy, names) };
  const tables = [
    ["ADMISSION WEBHOOK", outcomesTable(screen, shown.webhook, named)],
    ["IMPERSONATING PROXY", requestsTable(screen, shown.proxy, named)],
  ].filter(([, table]) => table !== "");
  const parts = tables.map(([title = "", table = ""]) =>
    tables.length > 1 ? `${screen.paint("bold", title)}\n${table}` : table,
  );
  const count = countOfTried([...webhook, ...proxy], [...shown.webhook, ...shown.proxy]);
  return [...parts, count].join("\n");
};

const sampleFiles = (): readonly string[] =>
  folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort()
      .map((file) => `${folder}${file}`),
  );

/** The names of the events that tell the most, in the order in which a reader should meet them. */
const firstScreen = (): readonly string[] => JSON.parse(readFileSync(firstScreenFile, "utf8"));
