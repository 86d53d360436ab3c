import { isDeepStrictEqual } from "node:util";
import type { Met } from "./row.ts";

const shorten = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}... (${text.length})` : text);
const said = (value: unknown): string => shorten(JSON.stringify(value) ?? "nothing");

/** The difference between a row and its expectation; undefined where there is none. */
export const differenceOf = (expected: Met, met: Met): string | undefined => {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(met)])] as (keyof Met)[];
  const different = names.filter((name) => !isDeepStrictEqual(expected[name], met[name]));
  return different.length === 0
    ? undefined
    : different.map((name) => `${name}: ${said(expected[name])} is expected, ${said(met[name])} came`).join("; ");
};
