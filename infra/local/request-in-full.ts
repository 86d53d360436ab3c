import { printable } from "../../lib/meta/index.ts";
import { printableJson } from "../command-line/printable-json.ts";
import type { Screen } from "../command-line/screen.ts";
import { sectionsOn } from "./sections-on.ts";
import type { SentRequest, TriedRequest } from "./try-request.ts";

/** One request to the proxy with everything that can be known of it. Nothing is cut, so that it can be copied. */
export function requestInFull(
  screen: Screen,
  { sent, response, questions, door: _door, ...summary }: TriedRequest,
): string {
  const lines = Object.entries(summary).map(([key, value]) => `${`${key}:`.padEnd(11)}${printable(value) || "-"}`);
  const asked = questions.map(
    ({ user, question, answer, reason }) =>
      `as ${printable(user)}: ${printable(question)}: ${answer}${reason ? ` (${printable(reason)})` : ""}`,
  );
  return sectionsOn(screen, [
    ["OUTCOME", lines.join("\n")],
    ["QUESTIONS", asked.join("\n") || "none"],
    sent === null ? ["RESPONSE", printableJson(response)] : ["SENT", sentLines(sent).map(printable).join("\n")],
  ]);
}

const credentials = {
  actor: ["Authorization: Bearer (the token of the acting account)"],
  caller: ["Authorization: Bearer (the token of the caller)"],
  none: [],
};

const sentLines = ({ method, target, headers, credential }: SentRequest): readonly string[] => [
  `${method} ${target}`,
  ...headers,
  ...credentials[credential],
];
