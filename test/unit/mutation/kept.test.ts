import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { inputsOf, keyOf } from "../../mutation/inputs.ts";
import { keep, readKept } from "../../mutation/kept.ts";
import { rooms } from "../../mutation/rooms.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const inputs = await inputsOf(root);

const folder = mkdtempSync(join(tmpdir(), "mutation-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** None where there is no such folder: the tests of another room may be the only ones. */
const filesIn = (directory: string, end: string): readonly string[] =>
  existsSync(join(root, directory))
    ? readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(end))
        .map((file) => `${directory}/${file}`)
    : [];

describe.each(rooms)("the result of %s depends on", (room) => {
  const files = inputs.get(room) ?? [];

  test("its sources", () => {
    expect(filesIn(`lib/${room}`, ".ts")).not.toEqual([]);
    expect(files).toEqual(expect.arrayContaining([...filesIn(`lib/${room}`, ".ts")]));
  });

  test("its tests, but not those of properties, with which no mutant is tried", () => {
    const tests = filesIn(`test/unit/lib/${room}`, ".test.ts");
    expect(files).toEqual(expect.arrayContaining(tests.filter((file) => !file.endsWith("/properties.test.ts"))));
    expect(files.filter((file) => file.endsWith("/properties.test.ts"))).toEqual([]);
  });

  test("the versions of the packages, and the tools", () => {
    const others = ["package-lock.json", "test/mutation/stryker.config.ts", "test/mutation/seed.ts"];
    expect(files).toEqual(expect.arrayContaining(others));
  });

  test("no justification: every run checks them", () => {
    expect(files).not.toContain("test/mutation/equivalent.ts");
  });
});

test("a room does not depend on every other", () => {
  const isApart = (one: string, other: string) => !inputs.get(one)?.some((file) => file.startsWith(`lib/${other}/`));
  expect(rooms.filter((one) => rooms.some((other) => isApart(one, other)))).not.toEqual([]);
});

describe("the key of some files", () => {
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const keyAfter = (change: () => void, files = ["a.ts", "b.ts"]) => {
    write("a.ts", "a");
    write("b.ts", "b");
    change();
    return keyOf(folder, files);
  };
  const first = keyAfter(() => {});

  test("is the same while they are the same", () => {
    expect(keyAfter(() => {})).toBe(first);
  });

  test.each([
    ["one is another", () => keyAfter(() => write("b.ts", "c"))],
    ["one swaps with the other", () => keyAfter(() => [write("a.ts", "b"), write("b.ts", "a")])],
    ["one is fewer", () => keyAfter(() => {}, ["a.ts"])],
  ])("is another where %s", (_, key) => {
    expect(key()).not.toBe(first);
  });
});

describe("a kept result", () => {
  const mutant = { file: "lib/a/a.ts", line: 1, code: "a", mutant: "b", status: "Killed", milliseconds: 1 };

  test("is used for its room and its key only", () => {
    keep(join(folder, "kept"), "a", { key: "1", mutants: [mutant] });
    expect(readKept(join(folder, "kept"), "a", "1")).toEqual([mutant]);
    expect(readKept(join(folder, "kept"), "a", "2")).toBeUndefined();
    expect(readKept(join(folder, "kept"), "b", "1")).toBeUndefined();
  });

  test("is not used where it is cut short", () => {
    writeFileSync(join(folder, "c.json"), '{"key":"1","mutants":[{"file"');
    expect(readKept(folder, "c", "1")).toBeUndefined();
  });
});
