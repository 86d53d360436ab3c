import { expect, test } from "vitest";
import { brief } from "../../../../lib/meta/brief.ts";

test.each([
  ["abc", 3, "abc"],
  ["abcd", 3, "abc... (4 characters)"],
  ["", 3, ""],
  ["a".repeat(256), undefined, "a".repeat(256)],
  ["a".repeat(257), undefined, `${"a".repeat(256)}... (257 characters)`],
])("%s in %s characters", (text, most, shown) => {
  expect(brief(text, most)).toBe(shown);
});
