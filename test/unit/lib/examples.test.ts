import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as lib from "../../../lib/index.ts";
import * as presets from "../../../lib/presets/index.ts";
import * as rbac from "../../../lib/rbac/index.ts";
import { ruleAllows } from "../../../lib/rbac/rule-allows.ts";

// Runs the examples of the docstrings that are programs. An example of one line is an expression with names that it does not declare.

const folder = new URL("../../../lib/", import.meta.url);
const known = { ...lib, ...presets, ...rbac, ruleAllows };

/** The programs among the examples of a file, one line of code an element. */
const programsIn = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/\* @example\n((?: \* .*\n)+)/g)].map(([, block = ""]) =>
    block
      .split("\n")
      .map((line) => line.replace(/^ \* /, ""))
      .filter((line) => line !== ""),
  );

/** A line such as `two + 2; // 4`, which says what its value is. */
const claim = /^(.+); \/\/ (.+)$/;

const programs = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => programsIn(readFileSync(new URL(file, folder), "utf8")).map((lines) => [file, lines] as const));

test("the examples of these files are programs", () => {
  expect(programs.map(([file]) => file).sort()).toEqual([
    "decision/conclude-fields.ts",
    "decision/judge-fields.ts",
    "presets/index.ts",
    "rbac/rule-allows.ts",
    "rbac/world.ts",
  ]);
});

test.each(programs)("the example of %s does what it says", (_, lines) => {
  const code = lines.map((line) =>
    line.replace(claim, (_whole, expression, value) => `check(${expression}, ${value});`),
  );
  const checked: unknown[] = [];
  const check = (value: unknown, expected: unknown): void => {
    checked.push(value);
    expect(value).toEqual(expected);
  };
  new Function("check", ...Object.keys(known), code.join("\n"))(check, ...Object.values(known));
  expect(checked.length).toBe(lines.filter((line) => claim.test(line)).length);
});
