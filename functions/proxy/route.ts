import type { Problem } from "../../lib/meta/index.ts";
import type { ProxyCluster } from "./proxy-cluster.ts";

/** The clusters behind the proxy: one at the root of its port, or each by its name below `/k8s/clusters/`. */
export type ProxiedClusters =
  | { readonly root: ProxyCluster }
  | {
      /** A problem is a sentence for the caller; `deadline` is in milliseconds since the epoch. */
      readonly named: (name: string, deadline: number) => Promise<ProxyCluster | Problem | undefined>;
    };

/** A request to an API server: the cluster's name in the path, the part of the path that is the proxy's, and the target that goes on. */
export interface Route {
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
}

/**
 * Takes the proxy's part off a request's target, as raw text: nothing is decoded or resolved. Undefined for a path that is not the proxy's.
 *
 * @example routeOf("/k8s/clusters/prod/api?limit=1") // { name: "prod", prefix: "/k8s/clusters/prod", target: "/api?limit=1" }
 */
export function routeOf(target: string): Route | undefined {
  const [, prefix = "", name, rest = ""] = /^(\/k8s\/clusters\/([^/?%]+))([/?].*)?$/s.exec(target) ?? [];
  return name === undefined ? undefined : { name, prefix, target: rest.startsWith("/") ? rest : `/${rest}` };
}
