import "reflect-metadata"; // what @peculiar/x509 is wired with must be there first
import { createPrivateKey, type KeyObject, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
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
 * A new certificate authority: EC P-256, strict by RFC 5280, without intermediates, valid for a year.
 *
 * @param notAfter ends it at another time
 */
export async function newAuthority(notAfter?: Date, name = "local CA"): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
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
  const names = new SubjectAlternativeNameExtension(
    hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value })),
  );
  const subject = new Name("CN=local server");
  return issue({ ca, caKey }, { subject, notAfter, usage: ExtendedKeyUsage.serverAuth, extensions: [names] });
}

/** The user of a client certificate. Kubernetes reads its name from CN, its groups from O, and its uid from an attribute of its own. */
export interface ClientNames {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string | undefined;
  readonly notAfter: Date;
}

/** A client certificate from an authority, with a key of its own. */
export async function clientCertificateFrom(
  authority: Authority,
  { username, groups, uid, notAfter }: ClientNames,
): Promise<Certificates> {
  const text = (value: string) => [{ utf8String: value }];
  const subject = new Name([
    { CN: text(username) },
    ...groups.map((group) => ({ O: text(group) })),
    ...(uid === undefined ? [] : [{ "1.3.6.1.4.1.57683.2": text(uid) }]),
  ]);
  return issue(authority, { subject, notAfter, usage: ExtendedKeyUsage.clientAuth, extensions: [] });
}

interface Issued {
  readonly subject: Name;
  readonly notAfter: Date | undefined;
  readonly usage: ExtendedKeyUsage;
  readonly extensions: readonly Extension[];
}

const issue = async (
  { ca, caKey }: Authority,
  { subject, notAfter, usage, extensions }: Issued,
): Promise<Certificates> => {
  const authority = new X509Certificate(ca);
  const signer = createPrivateKey(caKey);
  const signingAlgorithm = signingAlgorithmOf(signer);
  const [own, signingKey] = await Promise.all([
    newKeys(),
    webcrypto.subtle.importKey("pkcs8", signer.export({ format: "der", type: "pkcs8" }), signingAlgorithm, false, [
      "sign",
    ]),
  ]);
  const cert = await X509CertificateGenerator.create({
    subject,
    issuer: authority.subjectName,
    ...validity(notAfter),
    signingAlgorithm,
    publicKey: own.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...extensions,
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await SubjectKeyIdentifierExtension.create(own.publicKey),
    ],
  });
  return { ca, cert: `${cert.toString("pem")}\n`, key: await pemOf(own.privateKey) };
};

/** A CA that another program made has its own kind of key. */
const signingAlgorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) => {
  const curves: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ""];
  if (asymmetricKeyType === "ec" && namedCurve) return { ...algorithm, namedCurve };
  if (asymmetricKeyType === "ed25519") return { name: "Ed25519" };
  if (asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  throw new Error(
    `the key of the CA is of the kind ${asymmetricKeyType}; RSA, Ed25519 and EC P-256, P-384 and P-521 can sign`,
  );
};

/**
 * A server certificate from an authority whose key is forgotten after this call.
 *
 * @example const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost", "127.0.0.1", "::1"] });
 */
export async function throwAwayCertificates(names: ServerNames): Promise<Certificates> {
  return certificatesFrom(await newAuthority(), names);
}
