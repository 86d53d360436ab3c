import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { defineCommand } from "../command-line/command.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { calledAs } from "../command-line/installation.ts";
import { isDnsLabel } from "../command-line/kubernetes-syntax.ts";
import { UsageError } from "../command-line/usage.ts";
import { newAuthority, throwAwayCertificates } from "../local/certificates.ts";
import { replaceFile } from "../local/replace-file.ts";

export const certificate = defineCommand({
  synopsis: "--service NAME.NAMESPACE | --host HOST | --client-ca [options]",
  options: {
    service: {
      value: "NAME.NAMESPACE",
      multiple: true,
      text: "a Service that the certificate is for, by all its names in the cluster; may be given several times",
    },
    host: { value: "HOST", multiple: true, text: "another name or address that it is for; may be given several times" },
    "client-ca": { text: "make a CA of client certificates instead, for proxy --client-ca and for credential" },
    out: { value: "DIR", text: "write the files there, mode 0600 (PEM on standard output)" },
  },
  notes:
    "Makes ca.crt, tls.crt and tls.key: a certificate for a year, of a CA whose key is forgotten at once. With --client-ca: client-ca.crt and client-ca.key. The holder of client-ca.key can be every user but those of system:; keep it away from the server.",
  run: async ({ values }) => {
    const { service: services = [], host: hosts = [], out } = values;
    const isForClients = values["client-ca"];
    if (isForClients === services.length + hosts.length > 0)
      throw new UsageError("give --service or --host for the certificate of a server, or --client-ca alone");
    const files = isForClients ? await clientAuthority() : await serverCertificate(services, hosts);
    if (out === undefined) {
      console.log(Object.values(files).join("").trimEnd());
      return;
    }
    for (const name of Object.keys(files))
      if (existsSync(join(out, name)))
        throw new UsageError(`${join(out, name)} is there already; remove it, or give another --out`);
    mkdirSync(out, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) replaceFile(join(out, name), text, 0o600);
    console.log(isForClients ? howToUseAuthority(out) : howToUseCertificate(out));
  },
});

const serverCertificate = async (services: readonly string[], hosts: readonly string[]) => {
  const names = [...services.flatMap(namesOfService), ...hosts.map(checkedHost)];
  const { ca, cert, key } = await throwAwayCertificates({ hosts: [...new Set(names)] });
  return { "ca.crt": ca, "tls.crt": cert, "tls.key": key };
};

const clientAuthority = async () => {
  // Of two CAs with one name, a server could take the wrong one.
  const { ca, caKey } = await newAuthority(undefined, `client CA ${randomBytes(4).toString("hex")}`);
  return { "client-ca.crt": ca, "client-ca.key": caKey };
};

const namesOfService = (service: string): readonly string[] => {
  const [name = "", namespace = "", ...more] = service.split(".");
  if (!isDnsLabel(name) || !isDnsLabel(namespace) || more.length > 0)
    throw new UsageError(`--service ${service} is not NAME.NAMESPACE`);
  return [`${service}.svc`, `${service}.svc.cluster.local`, service];
};

const checkedHost = (host: string): string => {
  if (isIP(host) !== 0) return host;
  const text = hostOf("--host", host);
  if (/[/:]/.test(text)) throw new UsageError(`--host ${host} is not a name or an address`);
  return text;
};

const howToUseCertificate = (folder: string): string =>
  `# written to ${folder}: ca.crt, tls.crt, tls.key\nkubectl create secret generic NAME --type=kubernetes.io/tls --from-file=${folder}`;

const howToUseAuthority = (folder: string): string =>
  [
    `# written to ${folder}: client-ca.crt, client-ca.key`,
    `${calledAs("proxy")} --client-ca ${join(folder, "client-ca.crt")} --actor USER`,
    `${calledAs("credential")} USER --ca-cert ${join(folder, "client-ca.crt")} --ca-key ${join(folder, "client-ca.key")}`,
  ].join("\n");
