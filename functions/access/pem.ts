import { X509Certificate } from "node:crypto";

/** A block as Go's `pem.Decode` finds one: it begins a line, and has no headers. */
const block = /(?<=^|\n)-----BEGIN CERTIFICATE-----[ \t]*\r?\n[A-Za-z0-9+/=\s]*?\n-----END CERTIFICATE-----/g;

/**
 * The certificates in PEM that Go would find there (crypto/x509 `AppendCertsFromPEM`): what cannot be read is passed over, and so is a
 * block of another type, such as `X509 CERTIFICATE`, and one behind a byte order mark.
 */
export const certificatesIn = (pem: Buffer): readonly X509Certificate[] =>
  (pem.toString("latin1").match(block) ?? []).flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      return [];
    }
  });
