import { expect, test } from "vitest";
import { runCommand } from "../support/command.ts";

test.each([
  ["invoke", "npm run invoke -- ", ["--endpoint", "--rbac", "--kubeconfig", "--context", "--policy", "--all", "-o"]],
  [
    "start",
    "npm start -- ",
    ["--port", "--host", "--rbac", "--kubeconfig", "--context", "--policy", "--tls-cert", "--tls-key"],
  ],
  [
    "manifests",
    "npm run -s manifests -- ",
    [
      "--url",
      "--service",
      "--ca-bundle",
      "--policy",
      "--asker",
      "--failure-policy",
      "--timeout",
      "--namespace-label",
      "--twins",
      "--examples",
      "-o",
    ],
  ],
])(
  "%s --help says what it does, how it is called, and every option with what it is by default",
  async (command, usage, options) => {
    const { status, stdout, stderr } = await runCommand(command, ["--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    const [what, blank, how, ...lines] = stdout.split("\n");
    expect(what).toMatch(/^[A-Z].*\.$/);
    expect([blank, how]).toEqual(["", expect.stringContaining(`usage: ${usage}`)]);
    expect(lines.flatMap((line) => /^ {2}(--?[a-z-]+)/.exec(line)?.[1] ?? [])).toEqual(options);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect((await runCommand(command, ["-h"])).stdout).toBe(stdout);
  },
);
