import type { X509Certificate } from "node:crypto";
import { readCaBundle } from "../cluster/ca-bundle.ts";
import { issuesDirectly } from "./issuer.ts";

/** The CAs of our own configuration, whose client certificates count at every cluster. */
export interface OwnAuthority {
  readonly cas: readonly X509Certificate[];
  /** Names of users and groups that begin with `system:`, which its certificates may have all the same. */
  readonly allowedNames: ReadonlySet<string>;
}

/** Where our configuration names no CA. */
export const noOwnAuthority: OwnAuthority = { cas: [], allowedNames: new Set() };

/**
 * Reads the CAs of our own configuration. An intermediate of such a CA could not be told
 * from one of a cluster's CA, so each must refuse them itself.
 *
 * @throws an error whose message says how to make such a CA
 */
export function readOwnAuthority(pem: string): readonly X509Certificate[] {
  const { certificates, ignored } = readCaBundle(pem);
  if (ignored[0] !== undefined) throw new Error(ignored[0]);
  if (certificates.length === 0) throw new Error("there is no PEM certificate");
  for (const ca of certificates) {
    const name = JSON.stringify(ca.subject.replaceAll("\n", ", "));
    if (Date.parse(ca.validTo) <= Date.now()) throw new Error(`the CA ${name} has expired (${ca.validTo})`);
    if (!issuesDirectly(ca))
      throw new Error(
        `the certificate ${name} is not a CA with pathlen:0, so that certificates of its intermediates would count; make one with impersonation-admission certificate --client-ca`,
      );
  }
  return certificates;
}
