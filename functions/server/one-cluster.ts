import type { Policy } from "../../lib/policy/index.ts";
import type { ConcludeOptions } from "../../lib/proxy/index.ts";
import type { OwnAuthority } from "../certificates/own-authority.ts";
import { askOf } from "../cluster/ask.ts";
import { openConnection } from "../cluster/connection.ts";
import type { Kubeconfig } from "../cluster/kubeconfig.ts";
import type { NamedActor } from "../proxy/open-actor.ts";
import { openProxyCluster } from "../proxy/proxy-cluster.ts";
import type { KeyHash } from "../webhook/caller-key.ts";
import type { ServerLog } from "./log-entries.ts";
import type { ServedClusters } from "./served-clusters.ts";

/** How the webhook is served for one cluster. */
export interface OneWebhook {
  readonly policy: Policy;
  /** Of the keys in its URL. Without one, `/mutate` and `/validate` answer every caller. */
  readonly keys: readonly KeyHash[];
}

export interface OneClusterOptions {
  /** In the path, unless it is served at the root. */
  readonly name: string;
  readonly kubeconfig: Kubeconfig;
  /** Its user asks. */
  readonly context: string;
  /** Absent: the proxy is not served. */
  readonly proxy?: ConcludeOptions & {
    readonly actor: NamedActor;
    readonly own: () => OwnAuthority;
    readonly atRoot: boolean;
  };
  readonly webhook?: OneWebhook;
  readonly log: ServerLog;
}

/** Serves one context of a kubeconfig. Throws where the kubeconfig cannot work; sends nothing. */
export function oneCluster({ name, kubeconfig, context, proxy, webhook, log }: OneClusterOptions): ServedClusters {
  const cluster = proxy && openProxyCluster({ name, kubeconfig, context, ...proxy, log });
  const connection = webhook && openConnection(kubeconfig, context, { label: `cluster ${JSON.stringify(name)}` });
  const guarded = webhook && connection && { name, policy: webhook.policy, keys: webhook.keys, ask: askOf(connection) };
  return {
    proxied:
      cluster &&
      (proxy.atRoot ? { root: cluster } : { named: async (given) => (given === name ? cluster : undefined) }),
    webhook: guarded && {
      registry: { clusters: new Map(guarded.keys.length > 0 ? [[name, guarded]] : []), problems: [] },
      ...(guarded.keys.length === 0 && { local: guarded }),
    },
    all: () => (cluster ? [cluster] : []),
    paths: () => [
      ...(proxy ? [proxy.atRoot ? "" : `/k8s/clusters/${name}`] : []),
      ...(guarded ? [guarded.keys.length > 0 ? `/clusters/${name}/KEY` : "/mutate and /validate"] : []),
    ],
    registryAge: () => undefined,
    doubt: async () => cluster?.doubt(Date.now() + 1_000),
    close: () => {
      cluster?.close();
      connection?.close();
    },
  };
}
