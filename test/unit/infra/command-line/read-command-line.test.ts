import { afterEach, describe, expect, test, vi } from "vitest";
import { defineCommand } from "../../../../infra/command-line/command.ts";
import { readCommandLine } from "../../../../infra/command-line/read-command-line.ts";
import { outputOption } from "../../../../infra/command-line/shared-options.ts";
import { UsageError } from "../../../../infra/command-line/usage.ts";

const command = defineCommand({
  synopsis: "FILE... [options]",
  argument: { name: "FILE", text: "a file" },
  options: {
    name: { value: "NAME", text: "a name" },
    group: { value: "GROUP", multiple: true, text: "a group" },
    all: { text: "all" },
    "in-tree": { alias: "twins", text: "another form" },
    output: outputOption("table", "json"),
  },
  run: async () => {},
});
const read = (...given: readonly string[]) => readCommandLine("list", command, given);
const none = { name: undefined, group: undefined, all: false, "in-tree": false, output: "table" };

afterEach(() => vi.unstubAllEnvs());

describe("a command line", () => {
  test.each([
    [[], {}, []],
    [["--name", "x", "a"], { name: "x" }, ["a"]],
    [["--name=--x"], { name: "--x" }, []],
    [["--group", "a", "--group=b"], { group: ["a", "b"] }, []],
    [["--all", "a", "b"], { all: true }, ["a", "b"]],
    [["--twins"], { "in-tree": true }, []],
    [["--in-tree", "-o", "json"], { "in-tree": true, output: "json" }, []],
    [["--", "--all"], {}, ["--all"]],
    [["-"], {}, ["-"]],
  ])("%j", (given, values, positionals) => {
    expect(read(...given)).toEqual({ values: { ...none, ...values }, positionals });
  });

  test.each([
    [["--nam", "x"], "unknown option --nam; did you mean --name?"],
    [["-x"], "unknown option -x"],
    [["--constructor"], "unknown option --constructor"],
    [["--name"], "--name needs a value"],
    [["--name", "--all"], "--name needs a value; where it begins with -, write --name=--all"],
    [["--name", ""], "--name is empty; give it a value, or leave it out"],
    [["--name", "a", "--name", "b"], "--name is given twice; leave one out"],
    [["--all=yes"], "--all takes no value; leave it out"],
    [["-o", "yaml"], "-o yaml is not table or json"],
    [["--output=yaml"], "-o yaml is not table or json"],
  ])("%j is refused: %s", (given, sentence) => {
    expect(() => read(...given)).toThrow(UsageError);
    expect(() => read(...given)).toThrow(sentence);
  });

  test("without arguments in its table, an argument is refused", () => {
    const { argument: _, ...bare } = command;
    expect(() => readCommandLine("list", bare, ["a"])).toThrow("unexpected argument a");
  });

  test("npm's other settings and other scripts are not taken for swallowed options", () => {
    vi.stubEnv("npm_lifecycle_event", "list");
    vi.stubEnv("npm_config_yes", "true");
    vi.stubEnv("npm_config_all", "");
    expect(read()).toEqual({ values: none, positionals: [] });
    vi.stubEnv("npm_config_all", "true");
    expect(() => read()).toThrow("npm took --all for itself; put -- before the options: npm run list -- --all");
    vi.stubEnv("npm_lifecycle_event", "another");
    expect(read()).toEqual({ values: none, positionals: [] });
  });
});
