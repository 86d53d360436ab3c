import { createTwoFilesPatch } from "diff";
import fastJsonPatch, { type Operation } from "fast-json-patch";
import { printable } from "../../lib/meta/index.ts";
import type { AdmissionReviewAnswer } from "../../lib/review/index.ts";
import { printableJson } from "../command-line/printable-json.ts";
import type { Screen } from "../command-line/screen.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import type { Tried } from "./outcomes-table.ts";

/** One event with everything that can be known of it. Nothing is cut, so that it can be copied. */
export function eventInFull({ paint }: Screen, { sample, result }: Pick<Tried, "sample" | "result">): string {
  const { response, questions, ...summary } = result;
  const { patch } = (response as Partial<AdmissionReviewAnswer>).response ?? {};
  const operations: Operation[] = patch ? JSON.parse(Buffer.from(patch, "base64").toString("utf8")) : [];
  const section = (title: string, text: string) => `${paint("bold", title)}\n${text.trimEnd()}\n`;
  const lines = Object.entries(summary).map(([key, value]) => `${`${key}:`.padEnd(11)}${printable(value) || "-"}`);
  const asked = questions.map(
    ({ question, answer, reason }) => `${printable(question)}: ${answer}${reason ? ` (${printable(reason)})` : ""}`,
  );
  return [
    section("OUTCOME", lines.join("\n")),
    section("QUESTIONS", asked.join("\n") || "none"),
    section("RESPONSE", printableJson(response)),
    ...(operations.length > 0
      ? [
          section("PATCH", operations.map((operation) => printable(JSON.stringify(operation))).join("\n")),
          section("OBJECT", objectDiff(paint, sample.request?.["object"], operations)),
        ]
      : []),
  ].join("\n");
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
