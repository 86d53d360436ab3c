import { describe, expect, test } from "vitest";
import { check, type Justified } from "../../mutation/check.ts";
import { type Mutant, mutantsIn } from "../../mutation/mutant.ts";
import { pageOf } from "../../mutation/page.ts";

const file = "lib/policy/path.ts";
const change = { file, code: "return a && b;", mutant: "return a || b;" };
const mutant = (status: string, changes: Partial<Mutant> = {}): Mutant => ({
  ...change,
  line: 7,
  status,
  milliseconds: 250,
  ...changes,
});
const justified = (changes: Partial<Justified> = {}): Justified => ({ ...change, why: "b is a", ...changes });
const none: readonly Justified[] = [];
const same = [justified()];

describe("a mutant", () => {
  const source = "const a = 1;\nconst b = (): number => {\n  return a;\n};\n";
  const at = (line: number, column: number, endLine: number, endColumn: number) => ({
    start: { line, column },
    end: { line: endLine, column: endColumn },
  });

  test.each([
    ["in a line", at(3, 10, 3, 11), "0", "return a;", "return 0;"],
    ["of a whole line", at(1, 1, 1, 13), "", "const a = 1;", ""],
    [
      "over several lines",
      at(2, 25, 4, 2),
      "{}",
      "const b = (): number => { return a; };",
      "const b = (): number => {};",
    ],
  ])("%s is the lines before and after", (_, location, replacement, code, changed) => {
    const mutants = [{ status: "Killed", replacement, location, duration: 1.5 }];
    expect(mutantsIn({ files: { [file]: { source, mutants } } })).toEqual([
      { file, line: location.start.line, code, mutant: changed, status: "Killed", milliseconds: 1.5 },
    ]);
  });

  test("that was never tried took no time", () => {
    const mutants = [{ status: "NoCoverage", replacement: "0", location: at(3, 10, 3, 11) }];
    expect(mutantsIn({ files: { [file]: { source, mutants } } })).toMatchObject([{ milliseconds: 0 }]);
  });
});

describe("what becomes of a mutant", () => {
  test.each([
    ["one that a test noticed", "Killed", none, "killed"],
    ["one that does not even load", "RuntimeError", none, "killed"],
    ["one that nobody noticed", "Survived", none, "unjustified"],
    ["one that no test runs", "NoCoverage", none, "unjustified"],
    ["one that took too long, for who knows what reason", "Timeout", none, "unjustified"],
    ["one of a status that nobody knows", "Pending", none, "unjustified"],
    ["one that means the same", "Survived", same, "equivalent"],
    ["one that means the same and that no test runs", "NoCoverage", same, "equivalent"],
    ["one that never ends", "Timeout", same, "timeouts"],
  ] as const)("%s", (_, status, justifications, verdict) => {
    const { all, unjustified } = check(["policy"], [mutant(status)], justifications);
    expect(all).toEqual({
      ...{ mutants: 1, killed: 0, timeouts: 0, equivalent: 0, unjustified: 0, seconds: 0.25 },
      [verdict]: 1,
      score: verdict === "unjustified" ? 0 : 100,
    });
    expect(unjustified).toEqual(verdict === "unjustified" ? [mutant(status)] : []);
  });

  test.each([
    ["file", { file: "lib/policy/policy.ts" }],
    ["line of code", { code: "return a && c;" }],
    ["change", { mutant: "return true;" }],
  ])("it is justified for that %s only", (_, other) => {
    const others = [justified(other)];
    expect(check(["policy"], [mutant("Survived")], others)).toMatchObject({
      unjustified: [mutant("Survived")],
      stale: others,
    });
  });

  test("one justification is for every line that reads the same", () => {
    const mutants = [mutant("Survived"), mutant("Survived", { line: 9 })];
    expect(check(["policy"], mutants, same)).toMatchObject({ all: { equivalent: 2 }, unjustified: [], stale: [] });
  });
});

describe("a justification is stale", () => {
  test.each([
    ["where the mutant is there no more", [], true],
    ["where a test notices it", [mutant("Killed")], true],
    ["not where it survives", [mutant("Survived")], false],
    ["not where it never ends", [mutant("Timeout")], false],
  ])("%s", (_, mutants, stale) => {
    expect(check(["policy"], mutants, same).stale).toEqual(stale ? same : []);
  });

  test("not where its room was not looked at", () => {
    expect(check(["rbac"], [], same).stale).toEqual([]);
  });
});

const several = [
  ...Array.from({ length: 2999 }, () => mutant("Killed", { milliseconds: 1 })),
  mutant("Survived", { code: "x" }),
  mutant("Survived"),
  mutant("Timeout", { file: "lib/rbac/world.ts" }),
  mutant("Killed", { file: "lib/meta/printable.ts" }),
];

test("the figures are by room, and those of other rooms do not count", () => {
  expect(check(["policy", "rbac"], several, same)).toMatchObject({
    rooms: {
      policy: { mutants: 3001, killed: 2999, equivalent: 1, unjustified: 1, score: (100 * 2999) / 3000 },
      rbac: { mutants: 1, killed: 0, unjustified: 1, score: 0 },
    },
    all: { mutants: 3002, killed: 2999, timeouts: 0, equivalent: 1, unjustified: 2 },
  });
});

describe("the page", () => {
  test("says what nothing noticed, and does not round up", () => {
    const page = pageOf(check(["policy"], several, same));
    expect(page).toContain(
      [
        "ROOM    MUTANTS  KILLED  TIMEOUTS  EQUIVALENT  UNJUSTIFIED  SCORE    SECONDS IN TESTS",
        "policy  3001     2999    0         1           1            99.96 %  3",
        "all     3001     2999    0         1           1            99.96 %  3",
      ].join("\n"),
    );
    expect(page).toContain("lib/policy/path.ts:7 Survived\n  - x\n  + return a || b;");
    expect(page).not.toContain("Remove these from");
  });

  test("says what is justified for nothing", () => {
    const page = pageOf(check(["policy"], [], same));
    expect(page).toContain(
      "lib/policy/path.ts: this mutant no longer exists, or a test kills it\n  - return a && b;\n  + return a || b;",
    );
    expect(page).toContain("Remove these from test/mutation/equivalent.ts.");
  });

  test("is a table where all is well", () => {
    expect(pageOf(check(["policy"], [mutant("Killed")], none)).split("\n")).toHaveLength(3);
  });
});
