/** Where the proxy is found on its port. */
export interface ProxyPlace {
  /** The cluster's name in the path, or undefined where the cluster is served at the root. */
  readonly name: string | undefined;
}

/** A request to the API server: the part of the path that is the proxy's, and the target that goes on. */
export interface Route {
  readonly prefix: string;
  readonly target: string;
}

/**
 * Takes the proxy's part off a request's target, as raw text: nothing is decoded or resolved. Undefined for a path that is not the proxy's.
 *
 * @example routeOf("/k8s/clusters/prod/api?limit=1", { name: "prod" }) // { prefix: "/k8s/clusters/prod", target: "/api?limit=1" }
 */
export function routeOf(target: string, { name }: ProxyPlace): Route | undefined {
  if (name === undefined) return { prefix: "", target };
  const prefix = `/k8s/clusters/${name}`;
  const rest = target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
  if (rest === undefined || !/^([/?]|$)/.test(rest)) return undefined;
  return { prefix, target: rest.startsWith("/") ? rest : `/${rest}` };
}
