import { expect, test } from "vitest";
import { goQuote } from "../../../../lib/meta/go-quote.ts";

test.each([
  ["", '""'],
  ["bob", '"bob"'],
  ["system:serviceaccount:t1:s1", '"system:serviceaccount:t1:s1"'],
  ['say "hi"', '"say \\"hi\\""'],
  ["a\\b", '"a\\\\b"'],
  ["\x07\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'],
  ["\x00\x1b\x7f", '"\\x00\\x1b\\x7f"'],
  ["Zoë Łukasz 名前 🙂", '"Zoë Łukasz 名前 🙂"'],
  ["e\u0301", '"e\u0301"'],
  ["soft\u00adhyphen", '"soft\\u00adhyphen"'],
  ["no\u00a0break\u3000blank", '"no\\u00a0break\\u3000blank"'],
  ["\u202ebidi\u2069", '"\\u202ebidi\\u2069"'],
  ["zero\u200bwidth\ufeff", '"zero\\u200bwidth\\ufeff"'],
  ["tag\u{e0041}", '"tag\\U000e0041"'],
  ["\x80", '"\\u0080"'],
  ["\uffff", '"\\uffff"'],
  ["it's", '"it\'s"'],
])("%j is quoted as Go's %%q quotes it", (text, quoted) => {
  expect(goQuote(text)).toBe(quoted);
});
