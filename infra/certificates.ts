import "reflect-metadata"; // what @peculiar/x509 is wired with must be there first
import { createPrivateKey, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts: `ca` signed `cert`, `key` belongs to `cert`, and nobody has the CA's key any more. */
export interface ThrowAwayCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** From an hour ago, for peers whose clocks are behind, to a year from now. */
const validity = () => {
  const notAfter = new Date();
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + 1);
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter };
};

/**
 * A certificate authority that lives for one call, and a server certificate from it: EC P-256, valid for a year, strict by RFC 5280.
 * `hosts` are DNS names and IP addresses; each kind has a SAN type of its own (4.2.1.6), and clients do not look in the other.
 * `notAfter` ends the server certificate at another time.
 *
 * @example const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost", "127.0.0.1", "::1"] });
 */
export const throwAwayCertificates = async ({
  hosts,
  notAfter,
}: {
  readonly hosts: readonly string[];
  readonly notAfter?: Date;
}): Promise<ThrowAwayCertificates> => {
  const dates = validity();
  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const authorityId = await SubjectKeyIdentifierExtension.create(authority.publicKey);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=throw-away CA",
    ...dates,
    signingAlgorithm: algorithm,
    keys: authority,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      authorityId,
    ],
  });
  const cert = await X509CertificateGenerator.create({
    subject: "CN=throw-away server",
    issuer: ca.subject,
    ...dates,
    ...(notAfter ? { notAfter } : {}),
    signingAlgorithm: algorithm,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }))),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await SubjectKeyIdentifierExtension.create(server.publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", server.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    ca: `${ca.toString("pem")}\n`,
    cert: `${cert.toString("pem")}\n`,
    key: key.export({ format: "pem", type: "pkcs8" }).toString(),
  };
};
