import type { FieldSelectorRequirement } from "../question/question.ts";

/** The terms between commas that are not empty. A comma behind a backslash is part of its term. */
const termsOf = (selector: string): readonly string[] => selector.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];

/** The value that a text stands for, in which a backslash stands before `\`, `,` and `=`; undefined for other escapes, and without one. */
const unescaped = (value: string): string | undefined =>
  /^(?:\\[\\,=]|[^\\,=])*$/s.test(value) ? value.replace(/\\(.)/gs, "$1") : undefined;

/**
 * Reads a field selector as the API server does (`k8s.io/apimachinery` pkg/fields ParseSelector): terms in the order of their texts, each
 * `field=value`, `field==value` or `field!=value`. Undefined for what it refuses.
 *
 * @example parseFieldSelector("metadata.name=a") // [{ key: "metadata.name", operator: "In", values: ["a"] }]
 */
export function parseFieldSelector(selector: string): readonly FieldSelectorRequirement[] | undefined {
  const requirements: FieldSelectorRequirement[] = [];
  for (const term of [...termsOf(selector)].sort(byBytes)) {
    const [, key, operator, text = ""] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? [];
    const value = unescaped(text);
    if (key === undefined || value === undefined) return undefined;
    // The API server leaves out what compares nothing with nothing.
    if (key !== "" || value !== "")
      requirements.push({ key, operator: operator === "!=" ? "NotIn" : "In", values: [value] });
  }
  return requirements;
}

/** Go compares bytes of UTF-8, whose order is that of code points. */
const byBytes = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, index) => character !== right[index]);
  return at < 0
    ? left.length - right.length
    : (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? Number.NEGATIVE_INFINITY);
};
