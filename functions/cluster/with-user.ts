import type { Kubeconfig } from "./kubeconfig.ts";

/** A kubeconfig whose one context has the cluster of a context, and another user of the kubeconfig. */
export function withUser(kubeconfig: Kubeconfig, context: string, user: string): Kubeconfig {
  const cluster = kubeconfig.contexts.get(context)?.cluster ?? "";
  return { ...kubeconfig, contexts: new Map([[context, { cluster, user, extensions: new Map() }]]) };
}
