import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { type Ran, runCommand } from "../support/command.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const packageJson = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

const commands = readdirSync(`${root}infra/commands`).map((file) => file.replace(/\.ts$/, ""));

/** The options that a text lists, one a line. */
const listed = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}(--?[a-z][a-z-]*)/gm)].map(([, option = ""]) => option);

const answering = ["--rbac", "--kubeconfig", "--context", "--policy"];
const reading = ["--kubeconfig", "--context", "--policy"];
const options: Readonly<Record<string, readonly string[]>> = {
  invoke: ["--endpoint", ...answering, "--all", "-o"],
  start: ["--port", "--host", ...answering, "--tls-cert", "--tls-key"],
  proxy: [
    ...["--actor", "--kubeconfig", "--context", "--at-root", "--registry", "--in-cluster", "--name"],
    ...["--actor-token-file", "--policy", "--key-hash", "--uid", "--authentication-config"],
    ...["--reserved-name", "--anonymous-exception", "--port", "--host"],
    ...["--tls-cert", "--tls-key", "--client-ca", "--metrics-port"],
  ],
  credential: ["--group", "--uid", "--ttl", "--ca-cert", "--ca-key", "--out"],
  certificate: ["--service", "--host", "--client-ca", "--out"],
  kubeconfig: [
    ...["--server", "--ca-bundle", "--token", "--token-file", "--oidc", "--oidc-scope", "--client-certificate"],
    ...["--client-key", "--exec", "--exec-arg", "--name", "--namespace", "-o"],
  ],
  report: [...reading, "--namespace", "--as-writer", "--writers", "--all", "--limit-page", "-o"],
  key: ["--host", "-o"],
  manifests: [
    ...["--url", "--service", "--ca-bundle", "--policy", "--asker", "--failure-policy", "--timeout"],
    ...[
      "--namespace-label",
      "--admission-policies",
      "--show-policy",
      "--examples",
      "--in-cluster",
      "--image",
      "--tls-secret",
    ],
    ...["--cert-manager", "--inject-ca-from", "--key", "--proxy", "--constrained", "--namespace", "-o"],
  ],
  doctor: [
    ...["--kubeconfig", "--context", "--url", "--policy", "--asker-kubeconfig", "--asker-context", "--namespace"],
    ...["--proxy", "--ca-bundle", "--audit-log", "--actor", "--actor-kubeconfig", "--actor-context", "-o"],
  ],
  completion: [],
};

describe("the program", () => {
  test("lists every command with its summary, for no command, --help and -h alike", async () => {
    const { status, stdout, stderr } = await runCommand("--help", []);
    expect([status, stderr]).toEqual([0, ""]);
    expect([...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name).sort()).toEqual(commands.toSorted());
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    for (const [name, ...rest] of [[""], ["-h"], ["--nonsense", "--help"], ["--version", "--help"]])
      expect(await runCommand(name ?? "", rest)).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("--version prints the version of the package", async () => {
    expect(await runCommand("--version", [])).toEqual({ status: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  });

  test.each([
    ["reprot", "unknown command reprot; did you mean report?\n--help lists the commands\n"],
    ["man", "unknown command man; did you mean manifests?\n--help lists the commands\n"],
    ["deploy", "unknown command deploy\n--help lists the commands\n"],
    ["constructor", "unknown command constructor\n--help lists the commands\n"],
    ["--context", "--context stands before a command; --help lists them\n"],
  ])("%s is a sentence and status 2", async (command, stderr) => {
    expect(await runCommand(command, [])).toEqual({ status: 2, stdout: "", stderr });
  });

  test.each([
    ["report", "--contxt", "did you mean --context?"],
    ["report", "--kube", "did you mean --kubeconfig?"],
    ["manifests", "--twin", "did you mean --twins?"],
    ["start", "--prot", "did you mean --port?"],
  ])("%s %s names the nearest option", async (command, option, meant) => {
    const { status, stdout, stderr } = await runCommand(command, [option, "x"]);
    expect([status, stdout, stderr]).toEqual([2, "", `unknown option ${option}; ${meant}\n--help shows the options\n`]);
  });
});

describe.each(commands)("%s --help", (command) => {
  test("says what it does, how it is called, and every option", async () => {
    const { status, stdout, stderr } = await runCommand(command, ["--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    const [what, blank, how, ...lines] = stdout.split("\n");
    expect(what).toMatch(/^[A-Z].*\.$/);
    expect([blank, how]).toEqual(["", expect.stringContaining(`usage: npm run -s ${command} -- `)]);
    expect(listed(lines.join("\n"))).toEqual(options[command]);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  test("does no work, whatever stands beside it", async () => {
    const { stdout } = await runCommand(command, ["--help"]);
    for (const args of [["-h"], ["a", "b", "--help"], ["--nonsense", "--help"], ["--kubeconfig", "/none", "-h"]])
      expect(await runCommand(command, args)).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("its npm script calls it", () => {
    // The server's garbage collection is tuned (docs/proxy-performance.md).
    const flags = command === "proxy" ? "--single-threaded-gc --max-semi-space-size=64 " : "";
    expect(packageJson.scripts[command]).toBe(`node ${flags}infra/cli.ts ${command}`);
  });
});

/** Runs npm itself; Node is the one that runs this test. */
const npm = async (args: readonly string[]): Promise<Ran> => {
  const { PATH, HOME } = process.env;
  const env = { PATH: `${dirname(process.execPath)}:${PATH}`, HOME };
  const ran = promisify(execFile)("npm", args, { cwd: root, env });
  return ran.then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
  );
};

describe("where -- is forgotten, npm takes options for itself", () => {
  test.each([
    [["run", "-s", "report", "--context", "prod"], "npm took --context for itself", "report -- --context NAME"],
    [["run", "-s", "report", "--all"], "npm took --all for itself", "report -- --all"],
    [
      ["run", "-s", "manifests", "--url=https://h/clusters/c/SECRET", "--twins", "-o", "json"],
      "npm took --url and --admission-policies and --output for itself",
      "manifests -- --url URL --admission-policies --output yaml|json",
    ],
    [["start", "-s", "--port", "9999"], "npm took --port for itself", "start -- --port N"],
  ])("npm %j", async (args, what, how) => {
    const { status, stdout, stderr } = await npm(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${what}; put -- before the options: npm run ${how}\n`);
    expect(stderr).not.toContain("SECRET");
  });

  test("with -- they reach the command", async () => {
    const { status, stdout } = await npm(["run", "-s", "key", "--", "prod", "--host", "guard.example.com"]);
    expect([status, stdout]).toEqual([0, expect.stringContaining("url:  https://guard.example.com/clusters/prod/")]);
  });
});

describe("a developer script", () => {
  const scripts = [
    "prove",
    "mutate",
    "bench",
    "soak",
    "faults",
    "control-planes",
    "build",
    "manifests:examples",
    "monitoring",
  ];

  test.each(scripts)("%s --help says what it does, and starts nothing", async (script) => {
    const [, program = ""] = /^node (\S+)\.ts$/.exec(packageJson.scripts[script]) ?? [];
    for (const args of [["--help"], ["--nonsense", "-h"]]) {
      const { status, stdout, stderr } = await runCommand(program, args);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(new RegExp(`^[A-Z].*\\.\n\nusage: npm run ${script}( -- \\[options\\])?\n`));
    }
  });
});
