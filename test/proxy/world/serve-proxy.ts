import { noOwnAuthority } from "../../../functions/certificates/own-authority.ts";
import { type ServedOn, type ServeOnOptions, serveOn } from "../../../infra/local/serve-on.ts";
import { type KubeconfigSource, kubeconfigSource } from "../../../infra/local/server-sources.ts";
import type { ConcludeOptions } from "../../../lib/proxy/index.ts";

export interface ServeProxyOptions
  extends ConcludeOptions,
    ServeOnOptions,
    Partial<Omit<KubeconfigSource, "concluding" | "log">> {
  readonly actor: string;
}

/** The proxy for one context, as the command `proxy --actor` serves it. */
export interface LocalProxy extends ServedOn {
  /** The `server` in a kubeconfig. */
  readonly url: string;
}

export const serveProxy = async (options: ServeProxyOptions): Promise<LocalProxy> => {
  const { actor, kubeconfig, context, atRoot = false, announce = () => {}, log = () => {} } = options;
  const { own = () => noOwnAuthority } = options;
  const { uid, anonymousException } = options;
  const concluding = { uid, ...(anonymousException && { anonymousException }) };
  const clusters = kubeconfigSource({ actor, kubeconfig, context, atRoot, announce, concluding, own, log });
  const served = await serveOn(clusters, { ...options, log });
  return { ...served, url: served.origin + clusters.paths()[0] };
};
