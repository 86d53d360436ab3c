import { isObject } from "../../lib/meta/json.ts";
import type { Colour, Screen } from "../command-line/screen.ts";
import { tableOn } from "../command-line/table.ts";
import { describeWrite } from "./describe-write.ts";
import type { Sample } from "./sample.ts";
import type { TriedSample } from "./tried.ts";
import type { TriedEvent } from "./try-event.ts";

/** An event of the webhook, and what came of it. */
export type Tried = TriedSample<Sample, TriedEvent>;

const colours: Readonly<Record<string, Colour>> = {
  skipped: "dim",
  self: "green",
  permitted: "green",
  defaulted: "yellow",
  replaced: "yellow",
  denied: "red",
};

const titles = ["REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"];

/**
 * The outcomes of the webhook's events, one a row.
 *
 * @param named whether the rows begin with the names of the events
 */
export function outcomesTable(screen: Screen, tried: readonly Tried[], named: boolean): string {
  const rows = tried.map((each) => [...(named ? [each.result.event] : []), ...rowOf(each)]);
  return tableOn(screen, [...(named ? ["EVENT"] : []), ...titles])(rows);
}

const rowOf = ({ sample, result, wrong }: Tried) => {
  const { requester, declared, outcome, effective } = result;
  return [
    requester,
    writeOf(sample),
    declared,
    { text: outcome, colour: colours[outcome] ?? "cyan" },
    effective,
    wrong.length > 0
      ? ({ text: ["not as expected", ...whyOf(result)], colour: "red" } as const)
      : { text: whyOf(result) },
  ];
};

/** Most events are of one kind, which the table does not say. */
const usualKind = "MustacheTemplate";

const writeOf = ({ request }: Sample): string => {
  if (request === undefined) return "";
  const { kind } = isObject(request["kind"]) ? request["kind"] : {};
  return [describeWrite(request), ...(typeof kind === "string" && kind !== usualKind ? [kind] : [])].join(" ");
};

/** Reasons that say the same as the answers to the questions. */
const answered: readonly string[] = ["may-impersonate", "forbidden"];

const whyOf = ({ reason, questions, response }: TriedEvent): readonly string[] => {
  // A refusal of the call itself is a Status, whose message says more than its reason.
  const message = (response as { readonly message?: string } | null)?.message;
  if (message !== undefined) return [message];
  return [
    ...(questions.length > 0 && answered.includes(reason) ? [] : [reason]),
    ...questions.map(({ question, answer }) => `${question}: ${answer}`),
  ];
};
