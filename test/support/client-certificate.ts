import "reflect-metadata"; // what @peculiar/x509 is wired with must be there first
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const hour = 3_600_000;

/** PEM texts: a client with `cert` and `key` is a known user of an API server that trusts `ca` (`--client-ca-file`). */
export const clientCertificate = async (username: string, notAfter = new Date(Date.now() + hour)) => {
  const dates = { notBefore: new Date(notAfter.getTime() - 2 * hour), notAfter };
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [authority, client] = [await newKeys(), await newKeys()];
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=throw-away client CA",
    ...dates,
    signingAlgorithm: algorithm,
    keys: authority,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  const cert = await X509CertificateGenerator.create({
    subject: `CN=${username}`,
    issuer: ca.subject,
    ...dates,
    signingAlgorithm: algorithm,
    publicKey: client.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", client.privateKey), "PRIVATE KEY");
  return { ca: ca.toString("pem"), cert: cert.toString("pem"), key };
};
