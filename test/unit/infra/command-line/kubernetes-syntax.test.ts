import { expect, test } from "vitest";
import { isDnsLabel, isLabelKey, isLabelValue } from "../../../../infra/command-line/kubernetes-syntax.ts";

const long = (length: number): string => "x".repeat(length);
const prefix = (length: number): string => `${"a.".repeat(Math.floor((length - 1) / 2))}${length % 2 ? "b" : "bc"}`;

/** The cases of `k8s.io/apimachinery` pkg/util/validation TestIsQualifiedName, and those at the limits. */
test.each(
  ["simple", "now-with-dashes", "1-starts-with-num", "1234", "simple/simple", "now-with-dashes/simple"].concat(
    ["now.with.dots/simple", "1-num.2-num/3-num", "1234/5678", "1.2.3.4/5678", "Uppercase_Is_OK_123", "A"],
    ["example.com/Uppercase_Is_OK_123", "a.b.c/d", long(63), `${prefix(253)}/simple`, `a/${long(63)}`],
  ),
)("%s is a label's key", (text) => {
  expect(isLabelKey(text)).toBe(true);
});

test.each(
  ["", "nospecialchars%^=@", "cantendwithadash-", "-cantstartwithadash", "only/one/slash", "/simple", "simple/"].concat(
    [
      "Example.com/abc",
      "example_com/abc",
      "example.com-/abc",
      ".a/b",
      "a..b/c",
      "a b",
      "_a",
      "a_",
      long(64),
      `a/${long(64)}`,
    ],
    [`${prefix(254)}/simple`, "zo\u00eb", "a\n"],
  ),
)("%j is not the key of a label", (text) => {
  expect(isLabelKey(text)).toBe(false);
});

test.each(["", "yes", "simple", "now-with-dashes", "1-starts-with-num", "end-with-num-1", "1234", "A.b_c", long(63)])(
  "%j is a label's value",
  (text) => {
    expect(isLabelValue(text)).toBe(true);
  },
);

test.each(["-a", "a-", "a/b", "a=b", "a b", ".a", long(64), "a\n"])("%j is not the value of a label", (text) => {
  expect(isLabelValue(text)).toBe(false);
});

test.each([
  ["team-a", true],
  ["1a", true],
  [long(63), true],
  [long(64), false],
  ["", false],
  ["-", false],
  ["a-", false],
  ["A", false],
  ["a.b", false],
] as const)("%j is a DNS label: %j", (text, is) => {
  expect(isDnsLabel(text)).toBe(is);
});
