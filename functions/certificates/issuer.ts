import type { X509Certificate } from "node:crypto";

/** BasicConstraints of a CA whose path length is 0, as DER encodes the whole extension: critical, and not. */
const directOnly = ["0603551d130101ff040830060101ff020100", "0603551d13040830060101ff020100"].map((hex) =>
  Buffer.from(hex, "hex"),
);

/**
 * Whether a CA can have no intermediates (`pathlen:0`). Node does not tell the path length. The extension is looked for as bytes: a CA
 * that holds them elsewhere was made to deceive by those who can issue any certificate anyway.
 */
export function issuesDirectly(ca: X509Certificate): boolean {
  return ca.ca && directOnly.some((extension) => ca.raw.includes(extension));
}

/** Whether two certificates have the same key. */
export function haveSameKey(one: X509Certificate, other: X509Certificate): boolean {
  return one.publicKey.equals(other.publicKey);
}

const known = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

/** Whether a CA itself signed a certificate. Signatures are looked at once. */
export function isIssuedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  const ofCertificate = known.get(certificate) ?? new WeakMap<X509Certificate, boolean>();
  known.set(certificate, ofCertificate);
  const isIssued = ofCertificate.get(ca) ?? (certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  ofCertificate.set(ca, isIssued);
  return isIssued;
}

/** Whether a certificate's time is over. */
export function hasExpired({ validTo }: X509Certificate, now: number): boolean {
  return !(Date.parse(validTo) > now);
}
