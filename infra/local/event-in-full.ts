import { createTwoFilesPatch } from "diff";
import fastJsonPatch, { type Operation } from "fast-json-patch";
import { printable } from "../../lib/meta/index.ts";
import type { AdmissionReviewAnswer } from "../../lib/review/index.ts";
import { printableJson } from "../command-line/printable-json.ts";
import type { Screen } from "../command-line/screen.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import type { Tried } from "./outcomes-table.ts";
import { sectionsOn } from "./sections-on.ts";

/** One event with everything that can be known of it. Nothing is cut, so that it can be copied. */
export function eventInFull(screen: Screen, { sample, result }: Pick<Tried, "sample" | "result">): string {
  const { response, questions, door: _door, ...summary } = result;
  const { patch } = (response as Partial<AdmissionReviewAnswer>).response ?? {};
  const operations: Operation[] = patch ? JSON.parse(Buffer.from(patch, "base64").toString("utf8")) : [];
  const lines = Object.entries(summary).map(([key, value]) => `${`${key}:`.padEnd(11)}${printable(value) || "-"}`);
  const asked = questions.map(
    ({ question, answer, reason }) => `${printable(question)}: ${answer}${reason ? ` (${printable(reason)})` : ""}`,
  );
  const patched: readonly (readonly [string, string])[] =
    operations.length === 0
      ? []
      : [
          ["PATCH", operations.map((operation) => printable(JSON.stringify(operation))).join("\n")],
          ["OBJECT", objectDiff(screen.paint, sample.request?.["object"], operations)],
        ];
  return sectionsOn(screen, [
    ["OUTCOME", lines.join("\n")],
    ["QUESTIONS", asked.join("\n") || "none"],
    ["RESPONSE", printableJson(response)],
    ...patched,
  ]);
}

const objectDiff = (paint: Screen["paint"], object: unknown, operations: Operation[]): string => {
  const after = fastJsonPatch.applyPatch(structuredClone(object), operations).newDocument;
  const [old, patched] = [object, after].map((each) => yamlText([each as object]));
  const lines = createTwoFilesPatch("before", "after", old ?? "", patched ?? "")
    .split("\n")
    .slice(1);
  const colour = (line: string): string =>
    line.startsWith("+") ? paint("green", line) : line.startsWith("-") ? paint("red", line) : line;
  return lines.map((line) => colour(printable(line))).join("\n");
};
