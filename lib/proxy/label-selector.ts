import type { LabelSelectorRequirement } from "../question/question.ts";
import { isInt64 } from "./int64.ts";

const special = "=!(),<>";

/** Operators and punctuation, words between them, and "" for the end. The API server takes a NUL for the end of the token before it, and of the text where none is. */
const tokensOf = (text: string): readonly string[] => {
  const tokens: string[] = [];
  const token = /[ \t\r\n]*(?:(!=|==|[=!(),<>])|([^ \t\r\n=!(),<>\0]+))\0?/y;
  for (let found = token.exec(text); found; found = token.exec(text)) tokens.push(found[1] ?? found[2] ?? "");
  return [...tokens, ""];
};

const isWord = (token: string): boolean => token !== "" && !special.includes(token.charAt(0));

const name = /^([a-z0-9]([-\w.]*[a-z0-9])?)$/i;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const isLabelKey = (key: string): boolean => {
  const [, prefix, part = ""] = /^(?:([^/]*)\/)?([^/]*)$/.exec(key) ?? [];
  const isPrefix = prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix));
  return isPrefix && part.length <= 63 && name.test(part);
};

const isLabelValue = (value: string): boolean => value === "" || (value.length <= 63 && name.test(value));

/** What the API server makes of a binary operator; `<` and `>` select nothing that a question can say. */
const operators = new Map<string, LabelSelectorRequirement["operator"] | "compare">([
  ["in", "In"],
  ["=", "In"],
  ["==", "In"],
  ["notin", "NotIn"],
  ["!=", "NotIn"],
  ["<", "compare"],
  [">", "compare"],
]);

/** Values between parentheses, with "" for each that is left out; undefined where something else stands there. */
const listAt = (
  tokens: readonly string[],
  start: number,
): { readonly values: Set<string>; readonly end: number } | undefined => {
  if (tokens[start] !== "(") return undefined;
  const values = new Set<string>();
  let wantsValue = true;
  for (let at = start + 1; ; at++) {
    const token = tokens[at] ?? "";
    if (isWord(token) && wantsValue) values.add(token);
    else if (token === "," || token === ")") {
      if (wantsValue) values.add("");
      if (token === ")") return { values, end: at + 1 };
    } else return undefined;
    wantsValue = token === ",";
  }
};

/**
 * Reads a label selector as the API server does (`k8s.io/apimachinery` pkg/labels Parse): requirements in the order of their keys. Those
 * that compare numbers are left out, as the API server leaves them out of its questions. Undefined for what it refuses.
 *
 * @example parseLabelSelector("app in (a,b),!old") // [{ key: "app", operator: "In", values: ["a", "b"] }, { key: "old", operator: "DoesNotExist" }]
 */
export function parseLabelSelector(selector: string): readonly LabelSelectorRequirement[] | undefined {
  const tokens = tokensOf(selector);
  const requirements: LabelSelectorRequirement[] = [];
  if (tokens[0] === "") return requirements;
  for (let at = 0; ; at++) {
    const isNegated = tokens[at] === "!";
    if (isNegated) at++;
    const key = tokens[at] ?? "";
    if (!isWord(key) || !isLabelKey(key)) return undefined;
    at++;
    const next = tokens[at] ?? "";
    if (isNegated || next === "" || next === ",") {
      requirements.push({ key, operator: isNegated ? "DoesNotExist" : "Exists" });
    } else {
      const operator = operators.get(next);
      if (operator === undefined) return undefined;
      const isList = next === "in" || next === "notin";
      const word = tokens[at + 1] ?? "";
      const exact =
        word === "" || word === ","
          ? { values: new Set([""]), end: at + 1 }
          : isWord(word)
            ? { values: new Set([word]), end: at + 2 }
            : undefined;
      const found = isList ? listAt(tokens, at + 1) : exact;
      if (found === undefined) return undefined;
      const values = [...found.values].sort();
      if (!values.every(isLabelValue) || (operator === "compare" && !values.every(isInt64))) return undefined;
      if (operator !== "compare") requirements.push({ key, operator, values });
      at = found.end;
    }
    if (tokens[at] === "") return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    if (tokens[at] !== ",") return undefined;
  }
}
