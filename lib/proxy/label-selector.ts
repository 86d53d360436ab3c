import type { LabelSelectorRequirement } from "../question/question.ts";
import { isInt64 } from "./int64.ts";

/** Operators, punctuation, and words between them. The API server takes a NUL for the end of the token before it, and of the text where none is. */
const tokensOf = (text: string): string[] => {
  const tokens: string[] = [];
  const token = /[ \t\r\n]*(?:!=|==|[=!(),<>]|[^ \t\r\n=!(),<>\0]+)\0?/y;
  for (let found = token.exec(text); found; found = token.exec(text)) tokens.push(found[0].replace(/[ \t\r\n\0]/g, ""));
  return tokens;
};

const name = /^([a-z0-9]([-\w.]*[a-z0-9])?)$/i;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const isLabelKey = (key: string): boolean => {
  const slash = key.lastIndexOf("/");
  const isPrefix = slash < 0 || (slash <= 253 && subdomain.test(key.slice(0, slash)));
  return isPrefix && key.length - slash <= 64 && name.test(key.slice(slash + 1));
};

const isLabelValue = (value: string): boolean => value === "" || (value.length <= 63 && name.test(value));

/** What the API server makes of a binary operator; `<` and `>` select nothing that a question can say. */
const operators = new Map<string | undefined, LabelSelectorRequirement["operator"] | "compare">([
  ["in", "In"],
  ["=", "In"],
  ["==", "In"],
  ["notin", "NotIn"],
  ["!=", "NotIn"],
  ["<", "compare"],
  [">", "compare"],
]);

const isEnd = (token: string | undefined): boolean => token === undefined || token === ",";

/** Takes one value from the tokens, or "" where it is left out. */
const takeValue = (tokens: string[]): readonly string[] => (isEnd(tokens[0]) ? [""] : tokens.splice(0, 1));

/** Takes values between parentheses from the tokens, with "" for each that is left out; undefined where something else stands there. */
const takeList = (tokens: string[]): readonly string[] | undefined => {
  const values = [""];
  const isOpen = tokens.shift() === "(";
  const end = tokens.indexOf(")");
  if (!isOpen || end < 0) return undefined;
  for (const token of tokens.splice(0, end)) {
    if (token === ",") values.push("");
    else if (values.pop() === "") values.push(token);
    else return undefined;
  }
  tokens.shift();
  return values;
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
  if (tokens.length === 0) return requirements;
  let behind: string | undefined;
  do {
    const first = tokens.shift();
    const isNegated = first === "!";
    const key = isNegated ? tokens.shift() : first;
    if (key === undefined || !isLabelKey(key)) return undefined;
    if (isNegated || isEnd(tokens[0])) {
      requirements.push({ key, operator: isNegated ? "DoesNotExist" : "Exists" });
    } else {
      const sign = tokens.shift();
      const operator = operators.get(sign);
      const values = sign === "in" || sign === "notin" ? takeList(tokens) : takeValue(tokens);
      const isValid = (value: string): boolean => isLabelValue(value) && (operator !== "compare" || isInt64(value));
      if (operator === undefined || !values?.every(isValid)) return undefined;
      if (operator !== "compare") requirements.push({ key, operator, values: [...new Set(values)].sort() });
    }
    behind = tokens.shift();
  } while (behind === ",");
  return behind === undefined ? inKeyOrder(requirements) : undefined;
}

/** Requirements of one key stay in the order in which they were written. */
const inKeyOrder = (requirements: readonly LabelSelectorRequirement[]): readonly LabelSelectorRequirement[] =>
  [...new Set(requirements.map(({ key }) => key))]
    .sort()
    .flatMap((wanted) => requirements.filter(({ key }) => key === wanted));
