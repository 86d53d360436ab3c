import type { HeaderLine } from "../meta/header-line.ts";
import { percentDecoded } from "./query.ts";

/*
 * The value of a header holds bytes, each as one character, as Node's `rawHeaders` and a gateway's multi-value headers have them.
 */

/** The values of a header, in order. */
export function valuesOf(lines: readonly HeaderLine[], name: string): readonly string[] {
  const values: string[] = [];
  for (const [each, value] of lines) if (each.toLowerCase() === name) values.push(value);
  return values;
}

const isControl = (character: string): boolean => character < " " || character === "\x7f";

/** The text whose UTF-8 bytes a value is; undefined where they are not UTF-8. */
export function textOfBytes(value: string): string | undefined {
  return /[^\0-\xff]/.test(value) ? undefined : percentDecoded(value.replace(/[^ -$&-~]/g, encoded));
}

const encoded = (byte: string): string => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;

/**
 * The bytes of a text, each as one character, as HTTP clients send them unchanged. Undefined for a text that would arrive as another one:
 * with a control character, with a space at an end, or with half a surrogate pair.
 */
export function bytesOfText(text: string): string | undefined {
  if (/^ | $|[\p{Surrogate}]/u.test(text) || [...text].some(isControl)) return undefined;
  return encodeURIComponent(text).replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
