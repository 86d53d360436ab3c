import type { X509Certificate } from "node:crypto";
import type { ClusterTrust } from "./cluster-trust.ts";
import { haveSameKey } from "./issuer.ts";
import type { OwnAuthority } from "./own-authority.ts";

/** Whose client certificates count at one cluster. */
export interface ClientTrust {
  readonly cluster: ClusterTrust;
  readonly own: OwnAuthority;
}

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
