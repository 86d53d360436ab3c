/** Certificates that OpenSSL reads and Go's `x509` does not (`x509.ParseCertificate` of Go 1.26), valid until 2126. */
export const onlyOpenSsl = {
  secp256k1: `-----BEGIN CERTIFICATE-----
MIIBbjCCARSgAwIBAgIUMSpuXshELYTUvwnGRejeVU1XBSMwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCazEwIBcNMjYxMTI1MDMxODQ5WhgPMjEyNjExMDEwMzE4NDla
MA0xCzAJBgNVBAMMAmsxMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE3xh3zHQgsxVa
xAKzpvhRDdQLUODudtfTz0ORhVr01e7XOouCMnbVTQraCcXy+37/bwViVL/c0UBF
KKcal4RpcKNTMFEwHQYDVR0OBBYEFHUebS9RoB5HE2WQ026ZVnd4ousdMB8GA1Ud
IwQYMBaAFHUebS9RoB5HE2WQ026ZVnd4ousdMA8GA1UdEwEB/wQFMAMBAf8wCgYI
KoZIzj0EAwIDSAAwRQIgKsKjY8YMaq7CHZ2lE/3wwYyctS3BehFoJ8ipT1ATRisC
IQC8q3zkbskzYx9JeHf9UXM24B2g7OIaP4VYLvxYu1D0Lw==
-----END CERTIFICATE-----
`,
  negativeSerial: `-----BEGIN CERTIFICATE-----
MIIBYTCCAQagAwIBAgIB+zAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANuZWcwIBcN
MjYxMTI1MDMxODQ5WhgPMjEyNjExMDEwMzE4NDlaMA4xDDAKBgNVBAMMA25lZzBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABNXbL6fmFDaKxcTglwmmalakCitvqxLN
ax7RTdPv1lWw0yT3IhTtYrFFPM2cVMfDsx+WJORRrDrNK7nV1uwm32+jUzBRMB0G
A1UdDgQWBBS6246Ph+jNunANdWFnPH6ZFbucfDAfBgNVHSMEGDAWgBS6246Ph+jN
unANdWFnPH6ZFbucfDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYC
IQDIfCin8jfSMzPjrehd8//vibty/233DIiVOd/4RR4tTgIhANwIXHQBlMSz7sMv
FeKQKfdHEuaSY/PQ59JkfWeTlKcH
-----END CERTIFICATE-----
`,
} as const;

/**
 * A file of certificates and other text: `certificates` is how many of them Go reads, `fault` the message about those that it passes over.
 */
export interface BundleRow {
  readonly what: string;
  readonly pem: (ca: string, key: string) => string;
  readonly certificates: number;
  readonly fault?: string;
}

const openSsl = (type: string): string =>
  `"BEGIN ${type}" is a form of OpenSSL's; openssl x509 -in FILE writes it as BEGIN CERTIFICATE`;
const unended = '"BEGIN CERTIFICATE" has no line that ends it';
const notFirst = (what: string): string => `"BEGIN CERTIFICATE" does not begin its line: ${what} is before it`;

/** Go's `pem.Decode` and `AppendCertsFromPEM`. */
export const bundleRows: readonly BundleRow[] = [
  { what: "a certificate", pem: (ca) => ca, certificates: 1 },
  { what: "no line break at the end", pem: (ca) => ca.trimEnd(), certificates: 1 },
  { what: "line breaks of Windows", pem: (ca) => ca.replaceAll("\n", "\r\n"), certificates: 1 },
  { what: "blanks at the ends of lines", pem: (ca) => ca.replaceAll("\n", " \t\n"), certificates: 1 },
  { what: "text around it", pem: (ca) => `subject=CN = ca\n${ca}# the end\n`, certificates: 1 },
  { what: "two certificates", pem: (ca) => ca + ca, certificates: 2 },
  { what: "its key", pem: (ca, key) => key + ca, certificates: 1 },
  { what: "a key alone", pem: (_, key) => key, certificates: 0 },
  { what: "nothing", pem: () => "", certificates: 0 },
  { what: "a text", pem: () => "no certificate", certificates: 0 },
  { what: "a byte order mark", pem: (ca) => `\ufeff${ca}`, certificates: 0, fault: notFirst("a byte order mark") },
  {
    what: "a byte order mark before the first of two",
    pem: (ca) => `\ufeff${ca}${ca}`,
    certificates: 1,
    fault: notFirst("a byte order mark"),
  },
  {
    what: "indentation",
    pem: (ca) => ca.replaceAll(/^/gm, "  "),
    certificates: 0,
    fault: notFirst("text"),
  },
  {
    what: "two files put together without a line break",
    pem: (ca) => ca.trimEnd() + ca,
    certificates: 0,
    fault: unended,
  },
  { what: "line breaks of old Macs", pem: (ca) => ca.replaceAll("\n", "\r"), certificates: 0 },
  { what: "no end", pem: (ca) => ca.replace(/-----END.*/s, ""), certificates: 0, fault: unended },
  {
    what: "OpenSSL's old name of a certificate",
    pem: (ca) => ca.replaceAll("CERTIFICATE", "X509 CERTIFICATE"),
    certificates: 0,
    fault: openSsl("X509 CERTIFICATE"),
  },
  {
    what: "OpenSSL's form with trust settings",
    pem: (ca) => ca.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE"),
    certificates: 0,
    fault: openSsl("TRUSTED CERTIFICATE"),
  },
  {
    what: "headers",
    pem: (ca) => ca.replace("-----\n", "-----\nProc-Type: 4\n\n"),
    certificates: 0,
    fault: "a certificate has headers; remove them",
  },
  {
    what: "a letter that is not base64",
    pem: (ca) => ca.replace("MII", "MI!"),
    certificates: 0,
    fault: "a certificate is not base64",
  },
  {
    what: "half a certificate",
    pem: (ca) => ca.replace(/\n[^\n]+(\n-----END)/, "$1").replace(/=+(\n-----END)/, "$1"),
    certificates: 0,
    fault: "a certificate cannot be parsed",
  },
  {
    what: "a curve that Go does not know",
    pem: (ca) => ca + onlyOpenSsl.secp256k1,
    certificates: 1,
    fault: "a certificate has a key of the curve secp256k1",
  },
  {
    what: "a negative serial number",
    pem: () => onlyOpenSsl.negativeSerial,
    certificates: 0,
    fault: "a certificate has a negative serial number",
  },
  {
    what: "something after the end of the certificate",
    pem: (ca) => {
      const der = Buffer.from(ca.replaceAll(/-----.*-----|\n/g, ""), "base64");
      const longer = Buffer.concat([der, Buffer.from([0x30, 0])]).toString("base64");
      return `-----BEGIN CERTIFICATE-----\n${longer}\n-----END CERTIFICATE-----\n`;
    },
    certificates: 0,
    fault: "a certificate has bytes after its end",
  },
];
