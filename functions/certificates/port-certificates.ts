import type { X509Certificate } from "node:crypto";
import type { TLSSocket, TlsOptions } from "node:tls";
import type { ClientTrust } from "./client-trust.ts";
import type { ClusterTrust } from "./cluster-trust.ts";
import { haveSameKey, issuesDirectly } from "./issuer.ts";
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
 * Trusts, on one TLS port, what counts at any of the clusters behind it. Whose certificate counts where is decided for each request, by
 * who issued it: a server does not see the intermediates of a client, so those are attributed only where one cluster can have them.
 *
 * @param trusted of each cluster; called again by `renew`
 */
export function portCertificates(trusted: () => readonly ClientTrust[]): PortCertificates {
  let trust = trusted();
  let changedAt = Number.NEGATIVE_INFINITY;
  return {
    tlsOptions: () => ({
      requestCert: true,
      rejectUnauthorized: false,
      // An empty list, unlike none, does not stand for the public CAs.
      ca: [...new Set(trust.flatMap(casOf).map(String))],
    }),
    onSecureConnection: (socket) => {
      // A handshake that began before the change was judged by what was trusted before.
      const isSettled = performance.now() - changedAt > longestHandshake;
      recordPeerCertificate(socket, isSettled ? onlyCluster(trust) : undefined);
    },
    renew: () => {
      trust = trusted();
      changedAt = performance.now();
    },
  };
}

const casOf = ({ cluster: { clientCas, frontProxy }, own }: ClientTrust): readonly X509Certificate[] => [
  ...own.cas,
  ...clientCas,
  ...(frontProxy?.cas ?? []),
];

/** The cluster that every intermediate must belong to. Our own CA has none. */
const onlyCluster = ([trust, ...others]: readonly ClientTrust[]): ClusterTrust | undefined => {
  if (trust === undefined || others.length > 0) return undefined;
  const { clientCas, frontProxy } = trust.cluster;
  const isClients = (ca: X509Certificate) => clientCas.some((clientCa) => haveSameKey(clientCa, ca));
  return (frontProxy?.cas ?? []).every((ca) => issuesDirectly(ca) || isClients(ca)) ? trust.cluster : undefined;
};
