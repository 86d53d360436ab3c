import type { X509Certificate } from "node:crypto";
import { authenticatedGroups } from "../../lib/identity/implied-groups.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import { brief } from "../../lib/meta/brief.ts";
import { isProblem, type Problem } from "../../lib/meta/json.ts";
import { frontProxyUser, type HeaderLine, reservedNameOf } from "../../lib/proxy/index.ts";
import { certificateUser, commonName } from "./certificate-user.ts";
import type { ClientTrust } from "./client-trust.ts";
import { hasExpired, isIssuedBy } from "./issuer.ts";
import type { OwnAuthority } from "./own-authority.ts";
import type { PeerCertificate } from "./peer-certificate.ts";

/** What made a certificate count. */
export type CertificateWay = "front proxy" | "cluster CA" | "own CA";

/** The user of a connection's certificate; or why there is none, for the log. */
export type CertificateIdentity =
  | { readonly user: UserInfo; readonly way: CertificateWay }
  | { readonly fault: string };

/**
 * Finds out which user a client certificate stands for at one cluster, as that cluster's API server would: a front proxy that names a user, then
 * a certificate of the cluster's client CAs, then one of our own CAs. The time of the certificate and of its CA is looked at for each
 * request, because connections outlive them.
 *
 * @param now milliseconds since the epoch
 */
export function identifyByCertificate(
  peer: PeerCertificate,
  lines: readonly HeaderLine[],
  { cluster, own }: ClientTrust,
  now: number,
): CertificateIdentity {
  if ("fault" in peer) return peer;
  const { leaf, intermediatesOf } = peer;
  if (hasExpired(leaf, now)) return { fault: "the client certificate has expired" };
  const isOf = (cas: readonly X509Certificate[]) => cas.some((ca) => isIssuedBy(leaf, ca) && !hasExpired(ca, now));
  const { clientCas, frontProxy } = cluster;
  const isFrontProxy = frontProxy !== undefined && isOf(frontProxy.cas);
  if (isFrontProxy && (frontProxy.allowedNames.length === 0 || frontProxy.allowedNames.includes(commonName(leaf)))) {
    const named = frontProxyUser(lines, frontProxy.headers);
    if (named !== undefined) return identityOf(named, "front proxy");
  }
  if (isOf(clientCas)) return identityOf(certificateUser(leaf), "cluster CA");
  if (isOf(own.cas)) return identityOf(withoutReservedNames(certificateUser(leaf), own), "own CA");
  const isByIntermediate =
    intermediatesOf === cluster && clientCas.length > 0 && !hasKnownIssuer(leaf, { cluster, own });
  if (isByIntermediate) return identityOf(certificateUser(leaf), "cluster CA");
  return {
    fault: isFrontProxy
      ? "the front proxy names no user, or is not one of requestheader-allowed-names"
      : "no client CA of this cluster issued the client certificate itself",
  };
}

const identityOf = (user: UserInfo | Problem, way: CertificateWay): CertificateIdentity =>
  isProblem(user) ? { fault: user.problem } : { user: { ...user, groups: authenticatedGroups(user) }, way };

const withoutReservedNames = (user: UserInfo | Problem, { allowedNames }: OwnAuthority): UserInfo | Problem => {
  const reserved = isProblem(user) ? undefined : reservedNameOf(user, allowedNames);
  return reserved === undefined
    ? user
    : { problem: `a client certificate of the own CA has the reserved name ${JSON.stringify(brief(reserved))}` };
};

/** Whether one of the CAs themselves signed it, even if its time is over. */
const hasKnownIssuer = (leaf: X509Certificate, { cluster, own }: ClientTrust): boolean =>
  [...cluster.clientCas, ...(cluster.frontProxy?.cas ?? []), ...own.cas].some((ca) => isIssuedBy(leaf, ca));
