import { spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Caller } from "./caller.ts";

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface KubectlInput {
  /** An object is sent as JSON, text as it is. */
  readonly stdin?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs kubectl as a caller, and waits for it. Its exit code is part of the result, not an error. */
export type Kubectl = (caller: Caller, args: readonly string[], input?: KubectlInput) => Promise<KubectlResult>;

/** A kubeconfig file for one caller. JSON is YAML. */
export const kubeconfig = (url: string, caPem: string, { name, token }: Caller): string =>
  JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "cluster",
          cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") },
        },
      ],
      users: [{ name, user: { token } }],
      contexts: [{ name: "cluster", context: { cluster: "cluster", user: name } }],
      "current-context": "cluster",
    },
    null,
    2,
  );

const asFlags = ({ impersonate }: Caller): readonly string[] => {
  if (!impersonate) return [];
  const { user, groups = [], extra = {} } = impersonate;
  return [
    `--as=${user}`,
    ...groups.map((group) => `--as-group=${group}`),
    ...Object.entries(extra).map(([key, value]) => `--as-user-extra=${key}=${value}`),
  ];
};

export const kubectlRunner = (program: string, folder: string, kubeconfigOf: (caller: Caller) => string): Kubectl => {
  const configs = join(folder, "kubeconfigs");
  mkdirSync(configs, { recursive: true });
  let runs = 0;
  return (caller, args, { stdin, env = {} } = {}) =>
    new Promise((resolve, reject) => {
      const config = join(configs, `${encodeURIComponent(caller.name)}.json`);
      // Another kubectl may be reading it, and never sees half of it.
      const written = `${config}.${++runs}`;
      writeFileSync(written, kubeconfigOf(caller), { mode: 0o600 });
      renameSync(written, config);
      const child = spawn(program, ["--kubeconfig", config, ...asFlags(caller), ...args], {
        // A home of its own: the configuration of the user who runs the suite is not read or written.
        env: { PATH: process.env["PATH"], HOME: folder, KUBECACHEDIR: join(folder, "kubectl-cache"), ...env },
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      child.on("error", reject).on("close", (code) => resolve({ stdout, stderr, code }));
      child.stdin.end(stdin === undefined || typeof stdin === "string" ? stdin : JSON.stringify(stdin));
    });
};
