/**
 * Escapes characters that a terminal or a header interprets instead of showing them, in the form `\u202e`: control characters, line
 * breaks, bidi marks and other format characters, lone surrogates. The API server drops a warning that holds a control character, and
 * kubectl prints a message raw.
 *
 * @example printable("bob\u202e") // "bob\\u202e"
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) =>
    [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}
