import type { X509Certificate } from "node:crypto";
import type { TLSSocket, TlsOptions } from "node:tls";
import type { ClusterTrust } from "./cluster-trust.ts";
import { haveSameKey, issuesDirectly } from "./issuer.ts";
import type { OwnAuthority } from "./own-authority.ts";
import { recordPeerCertificate } from "./peer-certificate.ts";

/** The client certificates of a TLS port, which serves one cluster or several. */
export interface PortCertificates {
  /** Of the server, and of each `setSecureContext`. A certificate that is not accepted does not end the handshake. */
  readonly tlsOptions: () => Pick<TlsOptions, "requestCert" | "rejectUnauthorized" | "ca">;
  /** The listener of `secureConnection`. */
  readonly onSecureConnection: (socket: TLSSocket) => void;
  /** To be called when what is trusted has changed, before `setSecureContext`. */
  readonly renew: () => void;
}

/** Node's own, after which a handshake is given up. */
const longestHandshake = 120_000;

/**
 * Trusts, on one TLS port, the CAs of all clusters behind it and our own. Whose certificate counts where is decided for each request, by
 * who issued it: a server does not see the intermediates of a client, so those are attributed only where one cluster can have them.
 *
 * @param trusted called again by `renew`
 */
export function portCertificates(
  trusted: () => { readonly clusters: readonly ClusterTrust[]; readonly own: OwnAuthority },
): PortCertificates {
  let { clusters, own } = trusted();
  let changedAt = Number.NEGATIVE_INFINITY;
  return {
    tlsOptions: () => ({
      requestCert: true,
      rejectUnauthorized: false,
      // An empty list, unlike none, does not stand for the public CAs.
      ca: pemsOf([
        ...own.cas,
        ...clusters.flatMap(({ clientCas, frontProxy }) => [...clientCas, ...(frontProxy?.cas ?? [])]),
      ]),
    }),
    onSecureConnection: (socket) => {
      // A handshake that began before the change was judged by what was trusted before.
      const isSettled = performance.now() - changedAt > longestHandshake;
      recordPeerCertificate(socket, isSettled ? onlyCluster(clusters) : undefined);
    },
    renew: () => {
      ({ clusters, own } = trusted());
      changedAt = performance.now();
    },
  };
}

const pemsOf = (cas: readonly X509Certificate[]): string[] => [...new Set(cas.map(String))];

/** The cluster that every intermediate must belong to. Our own CA has none. */
const onlyCluster = ([cluster, ...others]: readonly ClusterTrust[]): ClusterTrust | undefined => {
  if (cluster === undefined || others.length > 0) return undefined;
  const { clientCas, frontProxy } = cluster;
  const isClients = (ca: X509Certificate) => clientCas.some((clientCa) => haveSameKey(clientCa, ca));
  return (frontProxy?.cas ?? []).every((ca) => issuesDirectly(ca) || isClients(ca)) ? cluster : undefined;
};
