import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../support/command.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const commands = readdirSync(join(root, "infra/commands")).map((file) => file.replace(/\.ts$/, ""));
const folder = mkdtempSync(join(tmpdir(), "completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of these words; and whether it falls back to the names of files. */
const complete = async (...words: readonly string[]) => {
  const program = `
compopt() { names_of_files=yes; }
source "$1"; shift
names_of_files=no
COMP_WORDS=(impersonation-admission "$@")
COMP_CWORD=$#
_impersonation_admission
printf '%s\\n' "$names_of_files" "\${COMPREPLY[@]}"`;
  const args = ["--norc", "--noprofile", "-c", program, "bash", join(folder, "completion.bash"), ...words];
  const { stdout, stderr } = await promisify(execFile)("bash", args);
  expect(stderr).toBe("");
  const [files, ...offered] = stdout.trimEnd().split("\n");
  return { offered: offered.filter((word) => word !== ""), files: files === "yes" };
};

describe("the script for bash", () => {
  beforeAll(async () => {
    writeFileSync(join(folder, "completion.bash"), (await runCommand("completion", ["bash"])).stdout);
  });

  test("completes the name of the program when it is sourced", async () => {
    const { stdout } = await promisify(execFile)("bash", [
      ...["--norc", "--noprofile", "-c", 'source "$1"; complete -p impersonation-admission', "bash"],
      join(folder, "completion.bash"),
    ]);
    expect(stdout).toBe("complete -F _impersonation_admission impersonation-admission\n");
  });

  test("offers every command", async () => {
    const { offered } = await complete("");
    expect(offered.toSorted()).toEqual([...commands, "--help", "--version"].sort());
    expect((await complete("re")).offered).toEqual(["report"]);
  });

  test.each(commands)("offers every option of %s that its help lists", async (command) => {
    const { stdout } = await runCommand(command, ["--help"]);
    const listed = [...stdout.matchAll(/^ {2}(--?[a-z][a-z-]*)/gm)].map(([, option]) => option);
    const { offered } = await complete(command, "-");
    expect(offered.filter((option) => option !== "--output")).toEqual([...listed, "--help"]);
  });

  test.each<[readonly string[], readonly string[], boolean]>([
    [["report", "--con"], ["--context"], false],
    [["report", "-o", ""], ["table", "json"], false],
    [["manifests", "--output", "y"], ["yaml"], false],
    [["manifests", "--failure-policy", ""], ["Fail", "Ignore"], false],
    [["report", "--kubeconfig", ""], [], true],
    [["report", "--context", ""], [], false],
    [["report", "--all", "--na"], ["--namespace"], false],
    [["invoke", "ev"], [], true],
    [["completion", ""], ["--help", "bash", "zsh"], false],
    [["reprot", ""], [], false],
  ])("%j", async (words, offered, files) => {
    expect(await complete(...words)).toEqual({ offered, files });
  });
});

test("the script for zsh describes every command and every option", async () => {
  const { stdout } = await runCommand("completion", ["zsh"]);
  expect(stdout).toMatch(/^#compdef impersonation-admission\n/);
  for (const command of commands) {
    const help = (await runCommand(command, ["--help"])).stdout;
    const [line = ""] = stdout.split("\n").filter((each) => each.startsWith(`    ${command}) _arguments `));
    for (const [, option] of help.matchAll(/^ {2}(--?[a-z][a-z-]*)/gm)) expect(line).toContain(`${option}[`);
  }
});

test.each([[[]], [["fish"]], [["bash", "zsh"]]])("completion %j is refused with a sentence", async (args) => {
  expect(await runCommand("completion", args)).toEqual({
    status: 2,
    stdout: "",
    stderr: "give bash or zsh, as npm run -s completion -- bash\n",
  });
});
