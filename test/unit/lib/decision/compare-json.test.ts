import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareJson, numberText } from "../../../../lib/decision/compare-json.ts";

const big = 2 ** 53;

test.each([
  ["null and null", null, null, "equal"],
  ["null and nothing", null, undefined, "different"],
  ["0 and -0", 0, -0, "equal"],
  ["0 and false", 0, false, "different"],
  ['1 and "1"', 1, "1", "different"],
  ["[] and {}", [], {}, "different"],
  ["{} and null", {}, null, "different"],
  ["[null] and []", [null], [], "different"],
  ["[1] and an object with its index", [1], { 0: 1 }, "different"],
  ["the same keys in another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, "equal"],
  ["another order in a list", [1, 2], [2, 1], "different"],
  ["one key more", { a: 1 }, { a: 1, b: undefined }, "different"],
  ["another key", { a: undefined }, { b: undefined }, "different"],
  ["a key that every object inherits", { a: 1 }, { toString: 1 }, "different"],
  ["the last number that is exact", big - 1, big - 1, "equal"],
  ["a number that is not", big, big, "alike"],
  ["its negative", [-big], [-big], "alike"],
  ["two that are not, and differ", big, 2 * big, "different"],
  ["one that is not, and a difference behind it", [big, 1], [big, 2], "different"],
  ["a difference before one that is not", [1, big], [2, big], "different"],
  ["the same text", numberText("9007199254740993"), numberText("9007199254740993"), "equal"],
  ["another text", numberText("9007199254740993"), numberText("9007199254740993.0"), "different"],
  ["unknown texts", numberText(undefined), numberText(undefined), "different"],
  ["a text and null", numberText("9007199254740993"), null, "different"],
  ["a string that reads like a big number", "9007199254740993", "9007199254740993", "equal"],
  ["a text and a number", numberText("9007199254740993"), big, "different"],
  ["texts in lists", [[numberText("1e400")]], [[numberText("1e400")]], "equal"],
] as const)("%s", (_, left, right, outcome) => {
  expect(compareJson(left, right)).toBe(outcome);
  expect(compareJson(right, left)).toBe(outcome);
});

const parsed = (text: string, depth: number, [open, close]: readonly [string, string]): unknown =>
  JSON.parse(open.repeat(depth) + text + close.repeat(depth));

describe("nesting that is deeper than the stack", () => {
  test.each([["[", "]"] as const, ['{"a":', "}"] as const])("%s", (open, close) => {
    const at = (text: string) => parsed(text, 100_000, [open, close]);
    expect(compareJson(at("1"), at("1"))).toBe("equal");
    expect(compareJson(at("1"), at("2"))).toBe("different");
  });
});

test("whatever came out of JSON equals its copy, and nothing that JSON writes in another way", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      expect(compareJson(left, structuredClone(left))).not.toBe("different");
      const sorted = (value: unknown): string =>
        JSON.stringify(value, (_, each) =>
          typeof each === "object" && each !== null && !Array.isArray(each)
            ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
            : each,
        );
      expect(compareJson(left, right) === "different").toBe(sorted(left) !== sorted(right));
    }),
  );
});
