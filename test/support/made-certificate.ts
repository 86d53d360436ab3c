import "reflect-metadata"; // what @peculiar/x509 is wired with must be there first
import { webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonNameParams,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate as a test wants it, which no CA of sense would issue in most cases. */
export interface WantedCertificate {
  readonly subject: JsonNameParams | string;
  /** Absent: it signs itself. */
  readonly by?: MadeCertificate;
  /** A CA, with this path length where it is a number. */
  readonly ca?: boolean | number;
  /** `clientAuth` where absent; of CAs none. */
  readonly usages?: readonly string[];
  /** `digitalSignature` where absent; of CAs `keyCertSign`. */
  readonly keyUsages?: KeyUsageFlags;
  readonly notAfter?: Date;
  /** Without the identifiers of keys, by which CAs of one name are told apart; Go writes them. */
  readonly keyIds?: false;
}

export const { clientAuth, serverAuth } = ExtendedKeyUsage;
export const { keyEncipherment } = KeyUsageFlags;
/** `anyExtendedKeyUsage` of RFC 5280. */
export const anyUsage = "2.5.29.37.0";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const hour = 3_600_000;

/** The name of users and groups, as UTF-8. */
export const names = (...pairs: readonly (readonly [string, string])[]): JsonNameParams =>
  pairs.map(([type, text]) => ({ [type]: [{ utf8String: text }] }));

export const makeCertificate = async (wanted: WantedCertificate): Promise<MadeCertificate> => {
  const { subject, by, ca = false, notAfter = new Date(Date.now() + hour) } = wanted;
  const { usages = ca === false ? [clientAuth] : [] } = wanted;
  const { keyUsages = ca === false ? KeyUsageFlags.digitalSignature : KeyUsageFlags.keyCertSign } = wanted;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signer = by && Buffer.from(PemConverter.decodeFirst(by.key));
  const signingKey = signer
    ? await webcrypto.subtle.importKey("pkcs8", signer, algorithm, false, ["sign"])
    : keys.privateKey;
  const isServer = usages.includes(serverAuth);
  const name = new Name(subject);
  const issuer = by && new X509Certificate(by.cert);
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: issuer ? issuer.subjectName : name,
    notBefore: new Date(Date.now() - 2 * hour),
    notAfter,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      ...(ca === false ? [] : [new BasicConstraintsExtension(true, ca === true ? undefined : ca, true)]),
      new KeyUsagesExtension(keyUsages, true),
      ...(usages.length > 0 ? [new ExtendedKeyUsageExtension([...usages])] : []),
      ...(wanted.keyIds === false || ca === false ? [] : [await SubjectKeyIdentifierExtension.create(keys.publicKey)]),
      ...(wanted.keyIds === false || !issuer ? [] : [await AuthorityKeyIdentifierExtension.create(issuer.publicKey)]),
      ...(isServer ? [new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])] : []),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: `${certificate.toString("pem")}\n`, key: `${key}\n` };
};
