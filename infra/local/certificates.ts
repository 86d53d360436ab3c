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
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts of a certificate authority: its certificate, and the key that it signs with. */
export interface Authority {
  readonly ca: string;
  readonly caKey: string;
}

/** PEM texts: `ca` signed `cert`, `key` belongs to `cert`. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** From an hour ago, for peers whose clocks are behind, to a year from now. */
const validity = (notAfter = new Date(new Date().setUTCFullYear(new Date().getUTCFullYear() + 1))) => ({
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter,
});

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> => {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
};

/**
 * A new certificate authority: EC P-256, strict by RFC 5280, valid for a year.
 *
 * @param notAfter ends it at another time
 */
export async function newAuthority(notAfter?: Date): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=local CA",
    ...validity(notAfter),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { ca: `${certificate.toString("pem")}\n`, caKey: await pemOf(keys.privateKey) };
}

/** The names and the end of a server certificate. */
export interface ServerNames {
  /** DNS names and IP addresses; each kind has a SAN type of its own (RFC 5280, 4.2.1.6), and clients do not look in the other. */
  readonly hosts: readonly string[];
  /** A year from now where absent. */
  readonly notAfter?: Date;
}

/**
 * A server certificate from an authority, with a key of its own.
 *
 * @example const { ca, cert, key } = await certificatesFrom(await newAuthority(), { hosts: ["localhost", "127.0.0.1"] });
 */
export async function certificatesFrom(
  { ca, caKey }: Authority,
  { hosts, notAfter }: ServerNames,
): Promise<Certificates> {
  const authority = new X509Certificate(ca);
  const pkcs8 = createPrivateKey(caKey).export({ format: "der", type: "pkcs8" });
  const [server, signingKey] = await Promise.all([
    newKeys(),
    webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
  ]);
  const cert = await X509CertificateGenerator.create({
    subject: "CN=local server",
    issuer: authority.subject,
    ...validity(notAfter),
    signingAlgorithm: algorithm,
    publicKey: server.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }))),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await SubjectKeyIdentifierExtension.create(server.publicKey),
    ],
  });
  return { ca, cert: `${cert.toString("pem")}\n`, key: await pemOf(server.privateKey) };
}

/**
 * A server certificate from an authority whose key is forgotten after this call.
 *
 * @example const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost", "127.0.0.1", "::1"] });
 */
export async function throwAwayCertificates(names: ServerNames): Promise<Certificates> {
  return certificatesFrom(await newAuthority(), names);
}
