import fc from "fast-check";
import { expect, test } from "vitest";
import { printable } from "../../../../lib/meta/index.ts";

test.each([
  ["plain text", 'alice "b" <c> \\ é 中 😀', 'alice "b" <c> \\ é 中 😀'],
  ["a line break", "a\nb\r\nc", "a\\u000ab\\u000d\\u000ac"],
  ["a tab, a null, an escape, a delete", "\t\0\u001b[2J\u007f", "\\u0009\\u0000\\u001b[2J\\u007f"],
  ["a C1 control", "\u009b31m", "\\u009b31m"],
  ["bidi marks", "\u200e\u200f\u061c\u202a\u202e\u2066\u2069", "\\u200e\\u200f\\u061c\\u202a\\u202e\\u2066\\u2069"],
  ["what has no width", "a\u200bb\u200dc\ufeffd\u00ade", "a\\u200bb\\u200dc\\ufeffd\\u00ade"],
  ["line and paragraph separators", "a\u2028b\u2029c", "a\\u2028b\\u2029c"],
  ["tags from beyond the basic plane", "a\u{e0041}b", "a\\udb40\\udc41b"],
  ["half a surrogate pair", "a\ud800b\udc00c", "a\\ud800b\\udc00c"],
  ["nothing", "", ""],
])("%s", (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("the result is printable, and escaping it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = printable(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(shown.isWellFormed()).toBe(true);
      expect(printable(shown)).toBe(shown);
    }),
  );
});
