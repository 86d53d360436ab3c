import { createPrivateKey, type KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { readCaBundle } from "../../functions/cluster/ca-bundle.ts";
import { caBundleOf } from "../command-line/ca-bundle-of.ts";
import { type CommandLine, defineCommand } from "../command-line/command.ts";
import { readText } from "../command-line/files.ts";
import { isDnsLabel } from "../command-line/kubernetes-syntax.ts";
import { proxyUrl } from "../command-line/proxy-url.ts";
import { outputOption } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { type ClientCredential, clientKubeconfig, execPluginEntry } from "../kubernetes/client-kubeconfig.ts";

const options = {
  server: { value: "URL", text: "the URL of the proxy, with its path: https://HOST/k8s/clusters/NAME" },
  "ca-bundle": { value: "FILE", text: "the CA of the proxy's certificate, PEM (the roots of the system)" },
  token: { value: "TOKEN", text: "a bearer token, which is written into the kubeconfig" },
  "token-file": { value: "FILE", text: "a file with a token, which kubectl reads again when it changes" },
  oidc: {
    value: "ISSUER,CLIENT",
    text: "log in at an OIDC issuer with this client id; kubectl runs the plugin kubelogin (kubectl oidc-login)",
  },
  "oidc-scope": {
    value: "SCOPE",
    multiple: true,
    text: "ask the issuer for this scope besides openid, such as groups or email; may be repeated",
  },
  "client-certificate": { value: "FILE", text: "a client certificate, PEM; needs --client-key" },
  "client-key": { value: "FILE", text: "the key of --client-certificate, which is written into the kubeconfig" },
  exec: { value: "COMMAND", text: "a program that prints an ExecCredential of client.authentication.k8s.io/v1" },
  "exec-arg": { value: "ARGUMENT", multiple: true, text: "an argument of --exec; may be repeated" },
  name: { value: "NAME", text: "the name of the context, the cluster and the user (the last part of the URL)" },
  namespace: { value: "NAME", text: "the namespace of the context (kubectl takes default)" },
  output: outputOption("yaml", "json"),
} as const;

type Values = CommandLine<typeof options>["values"];

export const kubeconfig = defineCommand({
  synopsis: "--server URL CREDENTIAL [options]",
  options,
  notes:
    "CREDENTIAL is one of --token, --token-file, --oidc, --client-certificate and --exec. It connects to nothing. Standard error says which secret the output holds, if any; run umask 077 before you write it to a file.",
  run: async ({ values }) => {
    const { server: given, "ca-bundle": caFile, namespace, output } = values;
    if (given === undefined) throw new UsageError("--server is missing; give the URL that the proxy prints");
    const server = proxyUrl("--server", given);
    const { credential, warning } = credentialOf(values);
    const name = values.name ?? nameOf(server);
    if (namespace !== undefined && !isDnsLabel(namespace))
      throw new UsageError(`--namespace ${namespace} is not the name of a namespace; it has a-z, 0-9 and - only`);
    const ca = caFile === undefined ? undefined : caBundleOf(caFile);
    const config = clientKubeconfig({ server, ca, credential, name, namespace });
    console.log(output === "yaml" ? yamlText([config]).trimEnd() : JSON.stringify(config, null, 2));
    if (warning !== undefined) console.error(`warning: ${warning}`);
  },
});

const nameOf = (server: string): string => {
  const { hostname, pathname } = new URL(server);
  return pathname.split("/").at(-1) || hostname;
};

interface ChosenCredential {
  readonly credential: ClientCredential;
  /** What a person must know who handles the output. */
  readonly warning?: string;
}

const ways = ["token", "token-file", "oidc", "client-certificate", "exec"] as const;
/** Options that say more of one way. */
const details = { "oidc-scope": "oidc", "client-key": "client-certificate", "exec-arg": "exec" } as const;
const listed = "--token, --token-file, --oidc, --client-certificate or --exec";

const credentialOf = (values: Values): ChosenCredential => {
  const [way, another] = ways.filter((each) => values[each] !== undefined);
  if (another !== undefined) throw new UsageError(`--${way} and --${another} are two credentials; leave one out`);
  for (const [detail, owner] of Object.entries(details) as [keyof typeof details, (typeof ways)[number]][])
    if (values[detail] !== undefined && way !== owner)
      throw new UsageError(`--${detail} goes with --${owner}; give that too, or leave --${detail} out`);
  const { token, oidc, exec, "token-file": tokenFile, "client-certificate": certificate } = values;
  if (token !== undefined) return tokenOf(token);
  if (tokenFile !== undefined) return tokenFileOf(tokenFile);
  if (oidc !== undefined) return { credential: { exec: kubeloginOf(oidc, values["oidc-scope"] ?? []) } };
  if (certificate !== undefined) return certificateOf(certificate, values["client-key"]);
  if (exec !== undefined) return { credential: { exec: execPluginEntry(exec, values["exec-arg"] ?? []) } };
  throw new UsageError(`no credential is given; give one of ${listed}`);
};

/** No message repeats a token. */
const isToken = (text: string): boolean => /^[!-~]+$/.test(text);

const tokenOf = (token: string): ChosenCredential => {
  if (!isToken(token))
    throw new UsageError("--token holds a blank or a character that no header can carry; give the token alone");
  return {
    credential: { token },
    warning:
      "the token stands in this output, and in your shell's history; keep the file to yourself (chmod 600), or use --token-file, --oidc or --exec",
  };
};

const tokenFileOf = (file: string): ChosenCredential => {
  if (file === "-")
    throw new UsageError("--token-file - is standard input, which kubectl cannot read again; name a file");
  if (!isToken(readText(file).trim()))
    throw new UsageError(`--token-file ${file} does not hold one token; write the token alone into it`);
  return { credential: { tokenFile: resolve(file) } };
};

const kubeloginOf = (text: string, scopes: readonly string[]) => {
  const [, issuer = "", client = ""] = /^(.*),([^,]*)$/s.exec(text) ?? [];
  if (client.trim() !== client || client === "" || !isIssuer(issuer))
    throw new UsageError(
      `--oidc ${text} is not ISSUER,CLIENT, such as https://login.example.com,kubernetes; the issuer is a URL with https:// and without ? and #`,
    );
  const odd = scopes.find((scope) => !/^[!-~]+$/.test(scope));
  if (odd !== undefined)
    throw new UsageError(`--oidc-scope ${JSON.stringify(odd)} is not one scope; repeat the option`);
  return execPluginEntry(
    "kubectl",
    [
      ...["oidc-login", "get-token", `--oidc-issuer-url=${issuer}`, `--oidc-client-id=${client}`],
      ...scopes.map((scope) => `--oidc-extra-scope=${scope}`),
    ],
    "kubelogin is missing; install it with: kubectl krew install oidc-login (or see https://github.com/int128/kubelogin)",
  );
};

const isIssuer = (text: string): boolean => {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.username === "" && !/[?#\s]/.test(text);
};

const certificateOf = (file: string, keyFile: string | undefined): ChosenCredential => {
  if (keyFile === undefined) throw new UsageError("--client-certificate needs --client-key, the file with its key");
  const { certificates, ignored } = readCaBundle(readText(file));
  const [leaf] = certificates;
  if (leaf === undefined || ignored.length > 0)
    throw new UsageError(`--client-certificate ${file} ${ignored[0] ?? "holds no PEM certificate"}`);
  const key = keyIn(keyFile);
  if (!leaf.checkPrivateKey(key))
    throw new UsageError(`--client-key ${keyFile} is not the key of the first certificate in ${file}`);
  if (Date.parse(leaf.validTo) <= Date.now())
    throw new UsageError(`--client-certificate ${file} ended on ${leaf.validTo}; get another one`);
  const pem = key.export({ type: "pkcs8", format: "pem" });
  return {
    credential: {
      "client-certificate-data": Buffer.from(certificates.join("")).toString("base64"),
      "client-key-data": Buffer.from(pem).toString("base64"),
    },
    warning: `the key of the certificate stands in this output; keep the file to yourself (chmod 600). The certificate ends on ${leaf.validTo}, and cannot be revoked before`,
  };
};

const keyIn = (file: string): KeyObject => {
  const pem = readText(file);
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UsageError(`--client-key ${file} holds no PEM key that can be read without a passphrase`);
  }
};
