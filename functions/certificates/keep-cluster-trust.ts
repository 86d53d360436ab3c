import { isObject, isProblem, type JsonObject } from "../../lib/meta/json.ts";
import type { Connection } from "../cluster/connection.ts";
import { type ClusterTrust, noClusterTrust, readClusterTrust } from "./cluster-trust.ts";

/** What one API server says about the certificates of its clients, kept fresh. */
export interface KeptClusterTrust {
  /** The same object until it changes; none before the first read. */
  readonly current: () => ClusterTrust;
  /**
   * Reads it. Where that fails, what was read before counts.
   *
   * @param asker the account that reads, for the sentence that says what to grant
   * @returns what is wrong, for the operator
   */
  readonly refresh: (asker: string) => Promise<string | undefined>;
}

const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
const configMapName = "the ConfigMap extension-apiserver-authentication in kube-system";
const patience = 10_000;

/** Keeps whose certificates an API server accepts from its clients. Sends nothing before the first `refresh`. */
export function keepClusterTrust({ send }: Pick<Connection, "send">): KeptClusterTrust {
  let current = noClusterTrust;
  let text = "";
  /** Of what was read. */
  let fault: string | undefined;

  const refresh = async (asker: string): Promise<string | undefined> => {
    const reply = await send({ path, signal: AbortSignal.timeout(patience) }).catch(() => undefined);
    // An API server that takes no client certificates has no such ConfigMap.
    const configMap = reply?.status === 404 ? {} : reply?.status === 200 ? objectIn(reply.text) : undefined;
    if (configMap === undefined) return unread(asker, reply?.status);
    const data = JSON.stringify(configMap["data"] ?? {});
    if (data !== text) {
      text = data;
      const trust = readClusterTrust(configMap);
      current = isProblem(trust) ? noClusterTrust : trust;
      fault = isProblem(trust) ? `${configMapName} cannot be used, so ${without}: ${trust.problem}` : undefined;
    }
    return fault;
  };
  return { current: () => current, refresh };
}

const objectIn = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const without = "client certificates of the cluster and its front proxy do not count";

const unread = (asker: string, status: number | undefined): string => {
  if (status === 403)
    return `${JSON.stringify(asker)} may not read ${configMapName}, so ${without}; to grant it: ${grantTo(asker)}`;
  const why = status === undefined ? "the API server cannot be reached" : `the API server answered ${status}`;
  return `${configMapName} could not be read (${why}); what was read before it counts, at the start nothing`;
};

const grantTo = (asker: string): string => {
  const [, account] = /^system:serviceaccount:([^:]+:[^:]+)$/.exec(asker) ?? [];
  const subject = account === undefined ? `--user=${asker}` : `--serviceaccount=${account}`;
  return `kubectl create rolebinding impersonation-admission-reads-authentication -n kube-system --role=extension-apiserver-authentication-reader ${subject}`;
};
