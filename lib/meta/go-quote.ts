const plain = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const named = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
]);

const escaped = (character: string): string => {
  const code = character.codePointAt(0) as number;
  const hex = (digits: number) => code.toString(16).padStart(digits, "0");
  if (code < 0x80) return `\\x${hex(2)}`;
  return code > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`;
};

/**
 * A string as Go's `%q` prints it (`strconv.Quote`), which is how the API server puts names into its reasons: in double quotes,
 * letters of every script as they are, control characters, bidi marks and unusual blanks escaped.
 *
 * @example goQuote('say "hi"') // '"say \\"hi\\""'
 */
export function goQuote(text: string): string {
  return `"${Array.from(text, (character) => named.get(character) ?? (plain.test(character) ? character : escaped(character))).join("")}"`;
}
