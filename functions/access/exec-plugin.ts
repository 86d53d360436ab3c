import { promisify } from "node:util";

/** An exec plugin, as the user of a kubeconfig names it. */
export interface ExecPlugin {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** What came of it, `client.authentication.k8s.io` ExecCredentialStatus; `until` is in milliseconds since the epoch. */
export interface PluginCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly until: number;
}

/** Longer than any review waits: what a slow plugin gets serves the next one. Not for ever: nobody asks a plugin that hangs twice. */
const usualPatience = 30_000;

/**
 * Runs an exec plugin (KEP-541) that nobody can talk to. Rejects where it cannot be started, fails, takes longer than `patience`
 * milliseconds, after which it is killed, or prints no ExecCredential.
 */
export const runPlugin = async (
  { command, args, env }: ExecPlugin,
  patience = usualPatience,
): Promise<PluginCredential> => {
  // Loaded where a plugin is run: in Lambda there hardly is one, and every cold start would pay for it.
  const { execFile } = await import("node:child_process");
  const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const running = promisify(execFile)(command, args ?? [], {
    env: { ...process.env, ...variables },
    timeout: patience,
    killSignal: "SIGKILL",
  });
  running.child.stdin?.on("error", () => {}).end();
  const { stdout } = await running;
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = JSON.parse(stdout).status;
  return { token, cert, key, until: Date.parse(expirationTimestamp) || Number.POSITIVE_INFINITY };
};
