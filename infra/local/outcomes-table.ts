import type { Colour, Screen } from "../command-line/screen.ts";
import { tableOn } from "../command-line/table.ts";
import { describeWrite } from "./describe-write.ts";
import type { Sample } from "./sample.ts";
import type { TriedEvent } from "./try-event.ts";

/** An event, what came of it, and what of that is not as the event says. */
export interface Tried {
  readonly sample: Sample;
  readonly result: TriedEvent;
  readonly wrong: readonly string[];
}

const colours: Readonly<Record<string, Colour>> = {
  skipped: "dim",
  self: "green",
  permitted: "green",
  defaulted: "yellow",
  replaced: "yellow",
  denied: "red",
};

const titles = ["REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"];

/** Which rows a table of outcomes has, and whether they begin with the names of the events. */
export interface Shown {
  /**
   * The names of the events that are shown, in this order, with those that came out otherwise than they say. All are shown where this is
   * absent.
   */
  readonly chosen?: readonly string[] | undefined;
  readonly named: boolean;
}

/** The outcomes of events, one a row, and how many there are. */
export function outcomesTable(screen: Screen, tried: readonly Tried[], { chosen, named }: Shown): string {
  const shown = chosen === undefined ? tried : choose(tried, chosen);
  const rows = shown.map((each) => [...(named ? [each.result.event] : []), ...rowOf(each)]);
  return `${tableOn(screen, [...(named ? ["EVENT"] : []), ...titles])(rows)}\n${countOf(tried, shown)}`;
}

const choose = (tried: readonly Tried[], names: readonly string[]): readonly Tried[] => [
  ...names.flatMap((name) => tried.filter(({ result }) => result.event === name)),
  ...tried.filter(({ result, wrong }) => wrong.length > 0 && !names.includes(result.event)),
];

const rowOf = ({ sample, result, wrong }: Tried) => {
  const { requester, declared, outcome, effective } = result;
  return [
    requester,
    sample.request === undefined ? "" : describeWrite(sample.request),
    declared,
    { text: outcome, colour: colours[outcome] ?? "cyan" },
    effective,
    wrong.length > 0
      ? ({ text: ["not as expected", ...whyOf(result)], colour: "red" } as const)
      : { text: whyOf(result) },
  ];
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

const countOf = (tried: readonly Tried[], shown: readonly Tried[]): string => {
  const unexpected = tried.filter(({ wrong }) => wrong.length > 0).length;
  const verdict = unexpected === 0 ? "all as expected" : `${unexpected} not as expected`;
  return shown.length === tried.length
    ? `${tried.length} events, ${verdict}`
    : `${tried.length} events, ${verdict}; ${shown.length} are shown, --all shows all`;
};
