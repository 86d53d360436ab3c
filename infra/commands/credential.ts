import { createPrivateKey, type X509Certificate } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { readOwnAuthority } from "../../functions/certificates/own-authority.ts";
import { bytesOfText, isReservedName } from "../../lib/proxy/index.ts";
import { defineCommand } from "../command-line/command.ts";
import { naming, readText } from "../command-line/files.ts";
import { calledAs } from "../command-line/installation.ts";
import { UsageError } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { type Authority, clientCertificateFrom } from "../local/certificates.ts";
import { replaceFile } from "../local/replace-file.ts";

const longest = 24 * 3600;

export const credential = defineCommand({
  synopsis: "USER --ca-cert FILE --ca-key FILE [options]",
  argument: { name: "USER", text: "the name of the user, which must not begin with system:" },
  options: {
    group: { value: "GROUP", multiple: true, text: "a group of the user; may be given several times" },
    uid: { value: "UID", text: "the uid of the user (none); a user with one needs a proxy with --uid impersonate" },
    ttl: { value: "TIME", default: "1h", text: "how long it counts, such as 90s, 30m or 1h30m; 24h at most (1h)" },
    "ca-cert": { value: "FILE", text: "the client CA of the proxy (its --client-ca), PEM" },
    "ca-key": { value: "FILE", text: "the key of --ca-cert" },
    out: { value: "DIR", text: "write client.crt and client.key there, mode 0600 (a kubeconfig on standard output)" },
  },
  notes:
    "The kubeconfig has the user alone: KUBECONFIG=~/.kube/config:FILE kubectl --user USER. A certificate cannot be revoked. It counts until its end, which is why that is near.",
  run: async ({ values, positionals }) => {
    const [username, ...more] = positionals;
    if (username === undefined || more.length > 0)
      throw new UsageError(`give one user, as ${calledAs("credential")} USER`);
    const { group: groups = [], uid, out } = values;
    for (const [what, name] of [["USER", username], ...groups.map((group) => ["--group", group])] as const)
      checkName(what, name);
    if (uid !== undefined && bytesOfText(uid) === undefined)
      throw new UsageError(`--uid ${JSON.stringify(uid)} ${odd}`);
    const notAfter = new Date(Date.now() + secondsOf(values.ttl) * 1000);
    const authority = authorityOf(values["ca-cert"], values["ca-key"], notAfter);
    const { cert, key } = await naming("--ca-key", () =>
      clientCertificateFrom(authority, { username, groups, uid, notAfter }),
    );
    if (out === undefined) console.log(kubeconfigOf(username, cert, key).trimEnd());
    else {
      mkdirSync(out, { recursive: true, mode: 0o700 });
      const files = { cert: join(out, "client.crt"), key: join(out, "client.key") };
      replaceFile(files.cert, cert, 0o600);
      replaceFile(files.key, key, 0o600);
      console.log(`client certificate: ${files.cert}\nkey:                ${files.key}`);
    }
    const end = notAfter.toISOString().replace(/\.\d+Z$/, "Z");
    console.error(
      `# it counts until ${end}; until then it cannot be revoked, except by taking the CA away from the proxy`,
    );
  },
});

const odd = "would not arrive as it is in a header; leave out control characters, and spaces at its ends";

const checkName = (what: string, name: string): void => {
  if (isReservedName(name))
    throw new UsageError(`${what} ${name} begins with system:, which Kubernetes reserves; give another name`);
  if (name === "" || bytesOfText(name) === undefined) throw new UsageError(`${what} ${JSON.stringify(name)} ${odd}`);
};

const secondsOf = (ttl: string): number => {
  const [, hours = "0", minutes = "0", seconds = "0"] =
    /^(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?$/.exec(ttl) ?? [];
  const sum = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (sum === 0) throw new UsageError(`--ttl ${ttl} is not a time, such as 90s, 30m or 1h30m`);
  if (sum > longest) throw new UsageError(`--ttl ${ttl} is longer than 24h; a certificate cannot be revoked`);
  return sum;
};

const authorityOf = (certFile: string | undefined, keyFile: string | undefined, notAfter: Date): Authority => {
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError(`--ca-cert and --ca-key are needed; ${calledAs("certificate")} --client-ca makes both`);
  const ca = readText(certFile);
  const [certificate, ...others] = naming(`--ca-cert ${certFile}`, () => readOwnAuthority(ca));
  if (certificate === undefined || others.length > 0)
    throw new UsageError(`--ca-cert ${certFile} holds ${others.length + 1} certificates; give the one of --ca-key`);
  const caKey = readText(keyFile);
  if (!isKeyOf(certificate, caKey)) throw new UsageError(`--ca-key ${keyFile} is not the key of --ca-cert ${certFile}`);
  if (Date.parse(certificate.validTo) < notAfter.getTime())
    throw new UsageError(
      `--ca-cert ${certFile} ends before (${certificate.validTo}); give a shorter --ttl, or make another CA`,
    );
  return { ca: certificate.toString(), caKey };
};

const kubeconfigOf = (name: string, cert: string, key: string): string => {
  const base64 = (pem: string) => Buffer.from(pem).toString("base64");
  const user = { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
  return yamlText([{ apiVersion: "v1", kind: "Config", users: [{ name, user }] }]);
};

const isKeyOf = (certificate: X509Certificate, key: string): boolean => {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
};
