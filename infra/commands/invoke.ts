import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadBundle } from "../build/load-bundle.ts";
import { printableJson } from "../command-line/printable-json.ts";
import { screenOf, uncut } from "../command-line/screen.ts";
import { wrapped } from "../command-line/text-width.ts";
import { readArguments, run, UsageError } from "../command-line/usage.ts";
import { eventInFull } from "../local/event-in-full.ts";
import { localCluster } from "../local/local-cluster.ts";
import { outcomesTable, type Tried } from "../local/outcomes-table.ts";
import { readSample } from "../local/sample.ts";
import { eventTrier, mismatches } from "../local/try-event.ts";

const help = `Runs AdmissionReviews and API Gateway events through the function, as it would be deployed, without a cloud.

usage: npm run invoke -- [EVENT...] [options]

  EVENT                  a file, or - for standard input; one is shown in full (all of events/)
  --endpoint ENDPOINT    mutate or validate, for AdmissionReviews that do not say (mutate)
  --rbac FILE...         answer from these RBAC manifests (events/rbac.yaml)
  --kubeconfig FILE      ask a cluster instead
  --context NAME         of that kubeconfig (its current one); without one, of $KUBECONFIG, else of ~/.kube/config
  --policy NAME|FILE     what is guarded (razee)
  --all                  show every event of events/. All are run and checked, but a terminal shows only some fifteen
                         that tell the most, and those that came out otherwise than they say; a pipe shows all
  -o table|json          (table)

Exit status: 0 all as expected, 1 an event came out otherwise than it says, 2 a wrong argument.`;

const events = fileURLToPath(new URL("../../events/webhook/", import.meta.url));
const firstScreenFile = new URL("../../events/first-screen.json", import.meta.url);

const invoke = async (): Promise<void> => {
  const { values, positionals } = readArguments(
    {
      endpoint: { type: "string" },
      rbac: { type: "string", multiple: true },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      policy: { type: "string" },
      all: { type: "boolean", default: false },
      output: { type: "string", short: "o", default: "table" },
    },
    help,
    { allowPositionals: true },
  );
  const { endpoint = "mutate", output } = values;
  if (endpoint !== "mutate" && endpoint !== "validate")
    throw new UsageError(`--endpoint ${endpoint} is not mutate or validate`);
  if (output !== "table" && output !== "json") throw new UsageError(`-o ${output} is not table or json`);
  if (values.all && positionals.length > 0)
    throw new UsageError("--all shows every event of events/; leave it away where events are named");
  const files = positionals.length > 0 ? positionals : sampleFiles();
  const samples = files.map((file) => readSample(file, endpoint));
  if (values.endpoint !== undefined && samples.every(({ hasEndpoint }) => hasEndpoint))
    throw new UsageError(
      `--endpoint ${endpoint} means nothing here: each event says its endpoint itself; leave it away`,
    );
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
};

const sampleFiles = (): readonly string[] =>
  readdirSync(events)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => `${events}${file}`);

/** The names of the events that tell the most, in the order in which a reader should meet them. */
const firstScreen = (): readonly string[] => JSON.parse(readFileSync(firstScreenFile, "utf8"));

if (import.meta.main) await run(invoke);
