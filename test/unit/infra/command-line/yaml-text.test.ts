import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { yamlText } from "../../../../infra/command-line/yaml-text.ts";
import { yamlScalars } from "../../../support/yaml-scalars.ts";

/** An object that holds a text at every kind of place: a value, a key, an item of a short and of a long list. */
const holding = (text: string) => ({
  value: text,
  keys: { [text]: "value", word: { [text]: "nested" } },
  short: [text, "word"],
  long: [text, "word ".repeat(20)],
});

describe.each(Object.entries(yamlScalars))("%s", (_, texts) => {
  test.each(texts.map((text) => [JSON.stringify(text), text]))("%s comes back as the string that it is", (__, text) => {
    const written = yamlText([holding(text)]);
    expect(parse(written, { version: "1.1" })).toEqual(holding(text));
    expect(parse(written, { version: "1.2" })).toEqual(holding(text));
    expect(load(written)).toEqual(holding(text));
  });
});

test("what YAML 1.1 takes for another type is quoted, as a key too", () => {
  const { "no plain scalar": _, ...others } = yamlScalars;
  for (const text of Object.values(others).flat())
    expect(yamlText([{ [text]: text }])).toBe(`${JSON.stringify(text)}: ${JSON.stringify(text)}\n`);
});

test("names, paths, sentences and expressions stay as they are", () => {
  for (const text of [
    "razee",
    "deploy.razee.io/v1alpha2",
    "/clusters/prod",
    "impersonation-admission",
    "yes-and-no",
    "n1",
    "https://guard.example.com/clusters/prod/KEY",
    "(has(object.spec))",
  ])
    expect(yamlText([{ key: text, [text]: "a" }])).toBe(`key: ${text}\n${text}: a\n`);
});

test("numbers, booleans and null are not strings", () => {
  expect(yamlText([{ a: 5, b: true, c: null, d: 1.5 }])).toBe("a: 5\nb: true\nc: null\nd: 1.5\n");
});

test("short lists stand in one line, long expressions are folded and come back as one line", () => {
  const expression = "object.spec == oldObject.spec && ".repeat(6).concat("true");
  const written = yamlText([{ operations: ["CREATE", "UPDATE"], expression }, { kind: "Second" }]);
  expect(written).toMatch(/^operations: \[CREATE, UPDATE\]\nexpression: >-\n {2}object\.spec/);
  for (const line of written.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  const [first = "", second] = written.split("---\n");
  expect(parse(first, { version: "1.1" })).toEqual({ operations: ["CREATE", "UPDATE"], expression });
  expect(second).toBe("kind: Second\n");
});
