import { X509Certificate } from "node:crypto";

/** The certificates in PEM, as programs in Go find them. */
export interface CaBundle {
  readonly certificates: readonly X509Certificate[];
  /** What is wrong with each block that they pass over. */
  readonly ignored: readonly string[];
}

/**
 * Reads PEM as kube-apiserver reads a `caBundle` and kubectl the certificates of a kubeconfig (client-go `rootCertPool`, Go
 * `AppendCertsFromPEM` and `pem.Decode`): text around blocks is ignored, and a block of another type than `CERTIFICATE` is passed over in
 * silence. If no certificate is left in a `caBundle`, each call of the webhook fails.
 */
export function readCaBundle(pem: string): CaBundle {
  const certificates: X509Certificate[] = [];
  const ignored: string[] = [];
  for (const { type, lines, fault } of blocksIn(pem)) {
    if (!type.endsWith("CERTIFICATE")) continue;
    const read = fault ?? certificateOf(type, lines);
    if (typeof read === "string") ignored.push(read);
    else certificates.push(read);
  }
  return { certificates, ignored };
}

interface Block {
  readonly type: string;
  readonly lines: readonly string[];
  readonly fault: string | undefined;
}

/** Every place that begins a block, with the lines up to its end. */
const blocksIn = (pem: string): readonly Block[] =>
  [...pem.matchAll(/-----BEGIN ([^\r\n]*?)-----[ \t\r]*(?:\n|$)/g)].map(({ index, 0: begin, 1: type = "" }) => {
    const rest = pem.slice(index + begin.length).split("\n");
    const end = rest.findIndex((line) => line.includes("-----BEGIN ") || line.startsWith("-----END "));
    const what = JSON.stringify(`BEGIN ${type}`);
    const fault =
      index > 0 && pem[index - 1] !== "\n"
        ? `${what} does not begin its line: ${pem.charCodeAt(index - 1) === 0xfeff ? "a byte order mark is" : "text is"} before it`
        : rest[end]?.replace(/[ \t\r]+$/, "") !== `-----END ${type}-----`
          ? `${what} has no line that ends it`
          : undefined;
    return { type, lines: rest.slice(0, end), fault };
  });

const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** The curves that Go's `x509` parses; OpenSSL knows more. */
const curves = new Set(["secp224r1", "prime256v1", "secp384r1", "secp521r1"]);

const certificateOf = (type: string, lines: readonly string[]): X509Certificate | string => {
  if (type !== "CERTIFICATE")
    return `${JSON.stringify(`BEGIN ${type}`)} is a form of OpenSSL's; openssl x509 -in FILE writes it as BEGIN CERTIFICATE`;
  if (lines.some((line) => line.includes(":"))) return "a certificate has headers; remove them";
  const text = lines.join("").replace(/[ \t\r]/g, "");
  if (!base64.test(text)) return "a certificate is not base64";
  try {
    const der = Buffer.from(text, "base64");
    const certificate = new X509Certificate(der);
    if (certificate.raw.length !== der.length) return "a certificate has bytes after its end";
    if (certificate.serialNumber.startsWith("-")) return "a certificate has a negative serial number";
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    const curve = asymmetricKeyDetails?.namedCurve;
    if (asymmetricKeyType === "ec" && !curves.has(curve ?? "")) return `a certificate has a key of the curve ${curve}`;
    return certificate;
  } catch {
    return "a certificate cannot be parsed";
  }
};
