import type { FieldSelectorRequirement } from "../question/question.ts";

/** The terms between commas that are not empty. A comma behind a backslash is part of its term. */
const termsOf = (selector: string): readonly string[] => selector.match(/(?:\\.|[^\\,]|\\)+/gs) ?? [];

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
  for (const term of inByteOrder(termsOf(selector))) {
    const operator = /!=|==?/.exec(term);
    if (operator === null) return undefined;
    const key = term.slice(0, operator.index);
    const value = unescaped(term.slice(operator.index + operator[0].length));
    if (value === undefined) return undefined;
    // The API server leaves out what compares nothing with nothing.
    if (key !== "" || value !== "")
      requirements.push({ key, operator: operator[0] === "!=" ? "NotIn" : "In", values: [value] });
  }
  return requirements;
}

/** Go compares bytes of UTF-8, whose order is that of code points. */
const inByteOrder = (texts: readonly string[]): readonly string[] =>
  texts
    .map((text) => [codePointsOf(text), text] as const)
    .sort()
    .map(([, text]) => text);

/** Each with the same number of digits, so that the texts of these are in the order of the code points. */
const codePointsOf = (text: string): string =>
  text.replace(/./gsu, (character) => (character.codePointAt(0) as number).toString(16).padStart(6, "0"));
