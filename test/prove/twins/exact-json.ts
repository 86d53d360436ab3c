/**
 * JSON whose numbers stand as `"#1.0"`: some differ only in how they are written, and JavaScript has no value for them.
 */
const mark = "#";

/** The reviver's third argument (ECMAScript's JSON.parse source text access) is not in the language's type library yet. */
const marked = ((_key: string, value: unknown, context?: { readonly source?: string }) =>
  typeof value === "number" ? `${mark}${context?.source}` : value) as (key: string, value: unknown) => unknown;

/** Reads JSON text, each number as it is written there. */
export const readExact = (text: string): unknown => JSON.parse(text, marked);

/** @example writeExact({ count: "#1.0" }) // '{"count":1.0}' */
export const writeExact = (value: unknown): string =>
  JSON.stringify(value).replace(/"#(-?\d[\d.]*(?:e[+-]?\d+)?)"/g, "$1");
