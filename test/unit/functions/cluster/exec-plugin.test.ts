import { expect, test } from "vitest";
import { type ExecPlugin, runPlugin } from "../../../../functions/cluster/exec-plugin.ts";

const apiVersion = "client.authentication.k8s.io/v1";
const plugin = (script: string, more: Partial<ExecPlugin> = {}): ExecPlugin => ({
  apiVersion,
  command: process.execPath,
  args: ["-e", script],
  env: [],
  ...more,
});
const printed = (credential: object) => plugin(`console.log(${JSON.stringify(JSON.stringify(credential))})`);
const printing = (status: object) => printed({ apiVersion, kind: "ExecCredential", status });

test("a token is kept without an end, or until it expires", async () => {
  expect(await runPlugin(printing({ token: "t" }))).toEqual({ token: "t", until: Number.POSITIVE_INFINITY });
  expect(await runPlugin(printing({ token: "t", expirationTimestamp: "2030-01-01T00:00:00Z" }))).toEqual({
    token: "t",
    until: Date.parse("2030-01-01T00:00:00Z"),
  });
});

test("a client certificate is read", async () => {
  const status = { clientCertificateData: "cert", clientKeyData: "key" };
  expect(await runPlugin(printing(status))).toMatchObject({ cert: "cert", key: "key" });
});

test("a plugin gets this environment and its own variables, and an empty standard input", async () => {
  const script = `process.stdin.resume().on("end", () =>
    console.log(JSON.stringify({
      apiVersion: "${apiVersion}",
      kind: "ExecCredential",
      status: { token: [process.env.MINE, typeof process.env.PATH].join() },
    })))`;
  const env = [{ name: "MINE", value: "x" }];
  expect(await runPlugin(plugin(script, { env }))).toMatchObject({ token: "x,string" });
});

test.each([
  ["is not there", plugin("", { command: "no-such-plugin" }), { code: "ENOENT" }],
  ["fails", plugin("process.exit(3)"), { code: 3 }],
  ["prints nothing", plugin(""), { name: "SyntaxError" }],
  ["prints something else", printed({}), { code: `it did not print an ExecCredential of ${apiVersion}` }],
  [
    "prints another version",
    printed({ apiVersion: `${apiVersion}beta1`, kind: "ExecCredential", status: { token: "t" } }),
    { code: `it did not print an ExecCredential of ${apiVersion}` },
  ],
  ["prints no status", printed({ apiVersion, kind: "ExecCredential" }), { name: "TypeError" }],
  ["prints a key alone", printing({ clientKeyData: "key" }), { code: "it printed only one of certificate and key" }],
  [
    "prints no end of it",
    plugin("setInterval(() => console.log('x'.repeat(65_536)), 1)"),
    { code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER" },
  ],
])("one that %s", async (_, broken, error) => {
  await expect(runPlugin(broken)).rejects.toMatchObject(error);
});

test("a plugin that does not end is killed, even if it ignores signals", async () => {
  const stubborn = plugin('process.on("SIGTERM", () => {}); setTimeout(() => {}, 10_000)');
  await expect(runPlugin(stubborn, 300)).rejects.toMatchObject({ killed: true, signal: "SIGKILL" });
});
