import type { X509Certificate } from "node:crypto";
import { type ClusterTrust, noClusterTrust } from "./cluster-trust.ts";
import { haveSameKey } from "./issuer.ts";
import { noOwnAuthority, type OwnAuthority } from "./own-authority.ts";

/** Whose client certificates count at one cluster. */
export interface ClientTrust {
  readonly cluster: ClusterTrust;
  readonly own: OwnAuthority;
}

/** Where no client is asked for a certificate. */
export const noClientTrust: ClientTrust = { cluster: noClusterTrust, own: noOwnAuthority };

/**
 * Why two kinds of certificates could not be told apart: with such a trust, a user could pass as another one. Undefined where all is well.
 */
export function clientTrustFault({ cluster: { clientCas, frontProxy }, own }: ClientTrust): string | undefined {
  const proxyCas = frontProxy?.cas ?? [];
  const haveCommon = (some: readonly X509Certificate[], others: readonly X509Certificate[]) =>
    some.some((one) => others.some((other) => haveSameKey(one, other)));
  if (haveCommon(own.cas, clientCas))
    return "the own client CA is a client CA of the cluster too; make one that signs nothing else";
  if (haveCommon(own.cas, proxyCas))
    return "the own client CA is the CA of the cluster's front proxy too; make one that signs nothing else";
  if (frontProxy?.allowedNames.length === 0 && haveCommon(proxyCas, clientCas))
    return "the CA of the cluster's front proxy signs client certificates too, and requestheader-allowed-names is empty, so that every client could pass as a front proxy; give kube-apiserver --requestheader-allowed-names";
  return undefined;
}

/** What counts at a cluster while things change: with a fault, nothing of the cluster's. The same object until one of the two is another one. */
export function keepClientTrust(clusterNow: () => ClusterTrust, ownNow: () => OwnAuthority): () => ClientTrust {
  let seen: ClientTrust | undefined;
  let counts: ClientTrust | undefined;
  return () => {
    const [cluster, own] = [clusterNow(), ownNow()];
    if (counts === undefined || seen?.cluster !== cluster || seen.own !== own) {
      seen = { cluster, own };
      counts = clientTrustFault(seen) === undefined ? seen : { cluster: noClusterTrust, own };
    }
    return counts;
  };
}
