import { isObject, isProblem, type JsonObject } from "../../lib/meta/json.ts";
import type { Connection } from "../cluster/connection.ts";
import { type ClusterTrust, noClusterTrust, readClusterTrust } from "./cluster-trust.ts";

/** What one API server says about the certificates of its clients, kept fresh. */
export interface KeptClusterTrust {
  /** The same object until it changes. */
  readonly current: () => ClusterTrust;
  /** Reads it now. */
  readonly refresh: () => Promise<void>;
  readonly close: () => void;
}

export interface KeepClusterTrustOptions {
  /** The account that reads, for the sentence that says what to grant. */
  readonly asker: string;
  /** Why a trust must not count; undefined where it may. */
  readonly faultOf: (trust: ClusterTrust) => string | undefined;
  /** Called after each change but the first. */
  readonly onChange: () => void;
  /** Called once for each thing that goes wrong. */
  readonly warn: (sentence: string) => void;
  /** Milliseconds between two reads. A minute where absent. */
  readonly interval?: number;
}

const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
const configMapName = "the ConfigMap extension-apiserver-authentication in kube-system";
const patience = 10_000;

/**
 * Reads whose certificates an API server accepts from its clients, and reads it again every minute. Where it cannot be read, the last one
 * counts, at the start none. One with a fault never counts.
 *
 * @throws Error at the start, where the trust has a fault
 */
export async function keepClusterTrust(
  { send }: Pick<Connection, "send">,
  { asker, faultOf, onChange, warn, interval = 60_000 }: KeepClusterTrustOptions,
): Promise<KeptClusterTrust> {
  let current = noClusterTrust;
  let text = "";
  let lastWarning: string | undefined;
  const warnOnce = (sentence: string | undefined): void => {
    if (sentence !== undefined && sentence !== lastWarning) warn(sentence);
    lastWarning = sentence;
  };

  /** Throws where it has a fault, and trusts none then. */
  const read = async (): Promise<void> => {
    const reply = await send({ path, signal: AbortSignal.timeout(patience) }).catch(() => undefined);
    const configMap = reply?.status === 200 ? objectIn(reply.text) : undefined;
    if (configMap === undefined) {
      warnOnce(unread(asker, reply?.status));
      return;
    }
    const data = JSON.stringify(configMap["data"] ?? {});
    if (data === text) return;
    text = data;
    const trust = readClusterTrust(configMap);
    const fault = isProblem(trust) ? `${configMapName}: ${trust.problem}` : faultOf(trust);
    current = fault === undefined && !isProblem(trust) ? trust : noClusterTrust;
    if (fault !== undefined) throw new Error(fault);
    warnOnce(undefined);
  };

  await read();
  const refresh = async (): Promise<void> => {
    const before = current;
    try {
      await read();
    } catch (error) {
      warnOnce(
        `client certificates of the cluster no longer count: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    if (current !== before) onChange();
  };
  const timer = setInterval(() => void refresh(), interval).unref();
  return { current: () => current, refresh, close: () => clearInterval(timer) };
}

const objectIn = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const unread = (asker: string, status: number | undefined): string => {
  const without = "client certificates of the cluster and its front proxy do not count";
  if (status === 403)
    return `${JSON.stringify(asker)} may not read ${configMapName}, so ${without}; to grant it: ${grantTo(asker)}`;
  if (status === 404) return `the cluster has no ${configMapName.replace("the ", "")}, so ${without}`;
  const why = status === undefined ? "the API server cannot be reached" : `the API server answered ${status}`;
  return `${configMapName} could not be read (${why}); what was read before it counts, at the start nothing`;
};

const grantTo = (asker: string): string => {
  const [, account] = /^system:serviceaccount:([^:]+:[^:]+)$/.exec(asker) ?? [];
  const subject = account === undefined ? `--user=${asker}` : `--serviceaccount=${account}`;
  return `kubectl create rolebinding impersonation-admission-reads-authentication -n kube-system --role=extension-apiserver-authentication-reader ${subject}`;
};
