import { describe, expect, test } from "vitest";
import { listLines, shortened, visible, widthOf, wrapped } from "../../../../infra/command-line/text-width.ts";

describe("the width of a text", () => {
  test.each([
    ["letters", "bob", 3],
    ["letters with marks", "e\u0301", 1],
    ["wide letters", "山田", 4],
    ["a picture", "🚀", 2],
    ["a picture with a skin tone, as terminals draw it that know none", "👍🏽", 4],
    ["a flag", "🇩🇪", 2],
    ["a vowel beside its letter", "กำ", 2],
    ["nothing", "", 0],
  ])("of %s", (_, text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

test("a text that is too wide is shortened in its middle", () => {
  expect(shortened("system:serviceaccount:team-a:deployer", 20)).toBe("system:ser…:deployer");
  expect(shortened("system:serviceaccount:team-a:deployer", 37)).toBe("system:serviceaccount:team-a:deployer");
  expect(shortened("山".repeat(10), 8)).toBe("山山…山");
});

test("a list is broken between its items, and a long item between its words", () => {
  expect(listLines(["one", "two", "three"], 10)).toEqual(["one, two,", "three"]);
  expect(listLines(["impersonate users/bob: yes"], 14)).toEqual(["impersonate", "users/bob: yes"]);
  expect(listLines(["abcdefgh"], 3)).toEqual(["abc", "def", "gh"]);
});

test("a line is broken between its words, and keeps its indentation", () => {
  expect(wrapped("two things\n  1 empty: names nobody\n", 14)).toBe("two things\n  1 empty:\n  names nobody\n");
  expect(wrapped("a line of any length", Number.POSITIVE_INFINITY)).toBe("a line of any length");
});

test("control characters and invisible characters are escaped", () => {
  expect(visible("a\u001b[31mb\u202ec\u3164d")).toBe("a\\u001b[31mb\\u202ec\\u{3164}d");
  expect(wrapped("manager \u001b[2J", 80)).toBe("manager \\u001b[2J");
});
