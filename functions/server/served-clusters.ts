import type { ProxyCluster } from "../proxy/proxy-cluster.ts";
import type { ProxiedClusters } from "../proxy/route.ts";
import type { Dependencies } from "../webhook/respond.ts";

/** The clusters of a server, as its doors look them up. A door without clusters is not served. */
export interface ServedClusters {
  readonly proxied: ProxiedClusters | undefined;
  readonly webhook: Omit<Dependencies, "log"> | undefined;
  /** Those behind the proxy now. */
  readonly all: () => readonly ProxyCluster[];
  /** What is served, as paths, for a person: `/k8s/clusters/prod`. */
  readonly paths: () => readonly string[];
  /** Of the registry, in milliseconds; undefined without one. */
  readonly registryAge: () => number | undefined;
  /** Why no request can be served; undefined where the server is ready. */
  readonly doubt: () => Promise<string | undefined>;
  readonly close: () => void;
}
