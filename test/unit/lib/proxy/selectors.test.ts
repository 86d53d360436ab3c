import { describe, expect, test } from "vitest";
import { parseFieldSelector } from "../../../../lib/proxy/field-selector.ts";
import { isInt64 } from "../../../../lib/proxy/int64.ts";
import { parseLabelSelector } from "../../../../lib/proxy/label-selector.ts";

const written = (requirements: ReturnType<typeof parseLabelSelector>): string | undefined =>
  requirements
    ?.map(({ key, operator, values }) => `${key} ${operator}${values ? ` [${values.join("|")}]` : ""}`)
    .join("; ");

describe("label selectors", () => {
  test.each([
    ["", ""],
    [" ", ""],
    ["a", "a Exists"],
    ["!a", "a DoesNotExist"],
    [" ! a ", "a DoesNotExist"],
    ["a=b", "a In [b]"],
    ["a==b", "a In [b]"],
    ["a!=b", "a NotIn [b]"],
    ["a=", "a In []"],
    ["a=,b", "a In []; b Exists"],
    ["a in (c,b,c)", "a In [b|c]"],
    ["a notin()", "a NotIn []"],
    ["a in (,b,,)", "a In [|b]"],
    ["in in (in,notin)", "in In [in|notin]"],
    ["x=in", "x In [in]"],
    ["b,a", "a Exists; b Exists"],
    ["b,a=1,a!=2,a", "a In [1]; a NotIn [2]; a Exists; b Exists"],
    ["a/k", "a/k Exists"],
    ["a-b/k", "a-b/k Exists"],
    ["a.b.cd-e/k", "a.b.cd-e/k Exists"],
    [`${"a".repeat(253)}/b`, `${"a".repeat(253)}/b Exists`],
    [`a/${"b".repeat(63)}`, `a/${"b".repeat(63)} Exists`],
    ["a".repeat(63), `${"a".repeat(63)} Exists`],
    [`a=${"b".repeat(63)}`, `a In [${"b".repeat(63)}]`],
    ["example.com/Key_1.x=V-1", "example.com/Key_1.x In [V-1]"],
    ["a>5,b", "b Exists"],
    ["a<5", ""],
    ["a\0", "a Exists"],
    ["a=\0b", "a In [b]"],
    ["\0a", ""],
  ])("%j: %s", (selector, expected) => {
    expect(written(parseLabelSelector(selector))).toBe(expected);
  });

  test.each(
    [
      [
        "a,",
        "a b",
        "!",
        "!!a",
        "!a=b",
        "=b",
        "a=b=c",
        "a===b",
        "a in b",
        "a in (b",
        "a in (b c)",
        "a in (",
        "a in (b,-c)",
        "a in (=)",
        "a (b)",
        "a in b)",
        ",",
      ],
      ["a>b", "a>9223372036854775808", "a<", "a<-5", "a> (5)"],
      [
        "-a",
        "a-",
        "a/b/c",
        "/a",
        "A.example/a",
        "a/",
        "a=-b",
        "a=b!",
        "caf\u00e9",
        `${"a".repeat(64)}`,
        `a=${"b".repeat(64)}`,
      ],
      [`${"a".repeat(254)}/b`, `a/${"b".repeat(64)}`, "a-/b", "a.b-/c", "a..b/c", "a_b/c"],
    ].flat(),
  )("%j is refused", (selector) => {
    expect(parseLabelSelector(selector)).toBeUndefined();
  });
});

describe("field selectors", () => {
  test.each([
    ["", ""],
    [",,", ""],
    ["metadata.name=a", "metadata.name In [a]"],
    ["b==1,a!=2", "a NotIn [2]; b In [1]"],
    ["a=", "a In []"],
    ["=", ""],
    ["!=", ""],
    ["=b", " In [b]"],
    [String.raw`a=\\\,\=`, String.raw`a In [\,=]`],
    [String.raw`a\,b=c`, String.raw`a\,b In [c]`],
    ["\u{1F600}=1,\uFF5E=2", "\uFF5E In [2]; \u{1F600} In [1]"],
    ["a\nb=c\nd", "a\nb In [c\nd]"],
  ])("%j: %s", (selector, expected) => {
    expect(written(parseFieldSelector(selector))).toBe(expected);
  });

  test.each(["a", "a=b=c", "a=b,c", String.raw`a=\b`, "a=\\", "a====b"])("%j is refused", (selector) => {
    expect(parseFieldSelector(selector)).toBeUndefined();
  });
});

describe("whole numbers of 64 bits", () => {
  test.each(["0", "-1", "+1", "12", "9223372036854775807", "-9223372036854775808"])("%j is one", (text) => {
    expect(isInt64(text)).toBe(true);
  });

  test.each(["", "-", "x1", "1x", "1 ", "+-1", "1.5", "0x1", "9223372036854775808", "-9223372036854775809"])(
    "%j is not",
    (text) => {
      expect(isInt64(text)).toBe(false);
    },
  );
});
