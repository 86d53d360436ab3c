import { normalize } from "node:path";
import { promisify } from "node:util";

/** An exec plugin, as the user of a kubeconfig names it. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** The result, `client.authentication.k8s.io` ExecCredentialStatus; `until` is in milliseconds since the epoch. */
export interface PluginCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly until: number;
}

/**
 * Longer than any review waits, so that the credential of a slow plugin serves the next review. Bounded, so that a plugin that hangs does
 * not block all later requests.
 */
const usualPatience = 30_000;

/**
 * Runs an exec plugin (KEP-541) that cannot ask a person. Rejects where it cannot be started, fails, takes longer than `patience`
 * milliseconds, after which it is killed, or prints no ExecCredential of its API version.
 */
export async function runPlugin(
  { apiVersion, command, args, env }: ExecPlugin,
  patience = usualPatience,
): Promise<PluginCredential> {
  // Loaded only where a plugin is run: Lambda runs none, and every cold start would pay for the import.
  const { execFile } = await import("node:child_process");
  const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const running = promisify(execFile)(normalize(command), args, {
    env: { ...process.env, ...variables },
    timeout: patience,
    killSignal: "SIGKILL",
  });
  running.child.stdin?.on("error", () => {}).end();
  const { stdout } = await running;
  const { kind, apiVersion: printed, status } = JSON.parse(stdout);
  if (kind !== "ExecCredential" || printed !== apiVersion)
    throw Object.assign(new Error("it printed another kind"), {
      code: `it did not print an ExecCredential of ${apiVersion}`,
    });
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if (Boolean(cert) !== Boolean(key))
    throw Object.assign(new Error("one is missing"), { code: "it printed only one of certificate and key" });
  return { token, cert, key, until: Date.parse(expirationTimestamp) || Number.POSITIVE_INFINITY };
}
