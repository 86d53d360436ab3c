import type { Colour, Screen } from "../command-line/screen.ts";
import { tableOn } from "../command-line/table.ts";
import type { ProxySample } from "./proxy-sample.ts";
import type { TriedSample } from "./tried.ts";
import type { TriedRequest } from "./try-request.ts";

/** A request to the proxy, and what came of it. */
export type TriedProxySample = TriedSample<ProxySample, TriedRequest>;

const colours: Readonly<Record<string, Colour>> = {
  impersonated: "green",
  "own token": "green",
  "no credential": "yellow",
};

const titles = ["CALLER", "REQUEST", "DECISION", "WHY"];

/**
 * The decisions about requests to the proxy, one a row.
 *
 * @param named whether the rows begin with the names of the events
 */
export function requestsTable(screen: Screen, tried: readonly TriedProxySample[], named: boolean): string {
  const rows = tried.map((each) => [...(named ? [each.result.event] : []), ...rowOf(each)]);
  return tableOn(screen, [...(named ? ["EVENT"] : []), ...titles])(rows);
}

const rowOf = ({ result, wrong }: TriedProxySample) => {
  const { caller, request, outcome, user } = result;
  return [
    caller,
    request,
    { text: outcome === "impersonated" ? `as ${user}` : outcome, colour: colours[outcome] ?? "red" },
    wrong.length > 0
      ? ({ text: ["not as expected", ...whyOf(result)], colour: "red" } as const)
      : { text: whyOf(result) },
  ];
};

/** The questions with their answers. A refusal that no answer explains is told by its message. */
const whyOf = ({ questions, response }: TriedRequest): readonly string[] => {
  const answered = questions.map(
    ({ about, question, answer }) => `${about === "request" ? "request" : question}: ${answer}`,
  );
  const isExplained = response === null || questions.some(({ answer }) => answer !== "yes");
  return isExplained ? answered : [...answered, response.message];
};
