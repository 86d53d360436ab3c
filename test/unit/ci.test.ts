import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { rooms } from "../mutation/rooms.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The Node of npm's scripts; the tests may run on another. */
const node24 = join(root, "node_modules/.bin/node");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

interface Job {
  readonly needs?: string | readonly string[];
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[] | string>> };
  readonly steps: readonly { readonly run?: string }[];
}

const jobs: Readonly<Record<string, Job>> = parse(read(".github/workflows/ci.yml")).jobs;
const steps = execFileSync(join(root, ".ci/run"), ["--list"], { encoding: "utf8" }).trim().split("\n");

/** The command lines of a job, once for each value of its matrix. A matrix that another job makes stays a placeholder. */
const commandsOf = ({ strategy, steps }: Job): readonly string[] =>
  Object.entries(strategy?.matrix ?? {}).reduce<readonly string[]>(
    (commands, [name, values]) =>
      [values].flat().flatMap((value) => commands.map((command) => command.replace(`\${{ matrix.${name} }}`, value))),
    steps.flatMap(({ run = "" }) => run.split("\n")),
  );

/** The steps of .ci/run that a command line names. */
const stepsIn = (command: string): readonly string[] =>
  /^\.ci\/run (.+)$/.exec(command)?.[1]?.match(/(?:\$\{\{.*?\}\}|\S)+/g) ?? [];

describe("the workflow", () => {
  const named = Object.values(jobs).flatMap(commandsOf).flatMap(stepsIn);

  test("runs every step of .ci/run, and no other", () => {
    expect(new Set(named.map((name) => name.replace(/^mutate:.*/, "mutate")))).toEqual(new Set(steps));
  });

  test("mutates the rooms that are there", () => {
    expect(named.filter((name) => /^mutate:.*\bneeds\.rooms\.outputs\.rooms\b/.test(name))).toHaveLength(1);
    const listed = execFileSync(node24, ["test/mutation/rooms.ts"], { cwd: root, encoding: "utf8" });
    expect(JSON.parse(listed)).toEqual(rooms);
  });

  test("runs no suite but through .ci/run", () => {
    const others = Object.values(jobs)
      .flatMap(commandsOf)
      .filter((command) => stepsIn(command).length === 0);
    expect(others.filter((command) => /\b(?:npm|npx|vitest|go|make)\b/.test(command))).toEqual([]);
  });

  test("ends in a job that needs every other", () => {
    expect([jobs["all"]?.needs ?? []].flat().toSorted()).toEqual(
      Object.keys(jobs)
        .filter((name) => name !== "all")
        .toSorted(),
    );
  });
});

describe(".ci/run", () => {
  const programs = mkdtempSync(join(tmpdir(), "ci-"));
  afterAll(() => rmSync(programs, { recursive: true }));
  // `npm ci` succeeds, and everything else fails.
  writeFileSync(join(programs, "npm"), '#!/bin/sh\n[ "$1" = ci ] || exit 7\n', { mode: 0o755 });
  const runSteps = (...names: readonly string[]) =>
    spawnSync(join(root, ".ci/run"), names, {
      encoding: "utf8",
      env: { ...process.env, PATH: `${programs}:${process.env["PATH"]}` },
    });

  test("stops at the first step that fails, with its status, and prints the seconds up to it", () => {
    const { status, stdout } = runSteps("install", "test", "templates");
    expect(status).toBe(7);
    expect(stdout).toMatch(/\nSECONDS {2}STEP\n +\d+ {2}install\n +\d+ {2}test \(failed\)\n +\d+ {2}all\n$/);
  });

  test("prints the seconds of what succeeds", () => {
    const { status, stdout } = runSteps("install");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nSECONDS {2}STEP\n +\d+ {2}install\n +\d+ {2}all\n$/);
  });

  test("runs nothing where one of the names is wrong", () => {
    const { status, stdout, stderr } = runSteps("install", "tests");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`tests is not a step; the steps are ${steps.join(" ")}, and mutate:ROOM\n`);
  });
});

describe("Dependabot", () => {
  const { updates } = parse(read(".github/dependabot.yml")) as {
    readonly updates: readonly { readonly "package-ecosystem": string; readonly directories: readonly string[] }[];
  };
  const watched = (ecosystem: string) =>
    updates.filter((each) => each["package-ecosystem"] === ecosystem).flatMap(({ directories }) => directories);
  const foldersWith = (name: string): readonly string[] => [
    ...new Set(
      globSync([`**/${name}`, `.ci/${name}`], {
        cwd: root,
        exclude: (path) => /node_modules|\.venv|\.local/.test(path),
      }).map((file) => join("/", dirname(file))),
    ),
  ];

  test.each([
    ["npm", "package-lock.json"],
    ["gomod", "go.mod"],
    ["pip", "requirements.txt"],
  ])("watches for %s every folder that has a %s", (ecosystem, file) => {
    expect(foldersWith(file).length).toBeGreaterThan(0);
    expect(watched(ecosystem).toSorted()).toEqual(foldersWith(file).toSorted());
  });
});
