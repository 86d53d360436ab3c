import { createPrivateKey, type X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isEksServer } from "../aws/eks-server.ts";
import type { MintToken } from "../aws/eks-token.ts";
import { eksTokenRequestOf } from "../aws/eks-token-request.ts";
import { readCaBundle } from "./ca-bundle.ts";
import type { ExecPlugin } from "./exec-plugin.ts";
import type { Kubeconfig, KubeconfigCluster, KubeconfigExec, KubeconfigUser, Source } from "./kubeconfig.ts";

/** One context of a kubeconfig, checked: the address of its API server, and the credentials of its user. */
export interface CheckedContext {
  /** Without a slash at its end. */
  readonly server: string;
  /** The server's certificate is not verified: the kubeconfig says so, and the caller allowed it. */
  readonly insecure: boolean;
  readonly tlsServerName: string;
  readonly ca: Source;
  readonly certificate: Source;
  readonly key: Source;
  readonly token: string;
  readonly tokenFile: string;
  /** The plugin to run for a credential. */
  readonly exec: ExecPlugin | undefined;
  /** Makes a token in this process; `fresh` where the last one was refused. */
  readonly mint: ((fresh: boolean) => Promise<string>) | undefined;
  /** The headers that ask the API server to treat the user as another. */
  readonly impersonation: Readonly<Record<string, string | readonly string[]>>;
}

/** How EKS tokens are made in this process, in place of the exec plugin that prints them. */
export interface Minting {
  readonly mint: MintToken;
  /** The function's own, for a user that names none. */
  readonly region: string | undefined;
}

export interface ContextUse {
  /** `run` (the default): exec plugins are run. Otherwise a token is minted in place of an EKS plugin, and other plugins are refused. */
  readonly plugins?: "run" | Minting;
  /** The server is EKS, although its host does not look like it. */
  readonly serverIsEks?: boolean;
  /** Allows `insecure-skip-tls-verify`. Without it, such a cluster is refused. */
  readonly insecure?: boolean;
}

/** Throws. `where` is the kubeconfig field that a person has to change. */
type Refuse = (where: string, why: string) => never;

export function bytesOf({ file, data }: Source): Buffer {
  return file === "" ? data : readFileSync(file);
}

export function isSet({ file, data }: Source): boolean {
  return file !== "" || data.length > 0;
}

const fieldOf = ({ field, data }: Source): string => (data.length > 0 ? `${field}-data` : field);

/**
 * Reads PEM. A file beside data is refused, as by client-go (tools/clientcmd validation.go). A parser's own message is left out: it may
 * quote what it read.
 */
const parsed = <T>(from: Source, refuse: Refuse, parse: (pem: Buffer) => T | undefined): T => {
  if (from.file !== "" && from.data.length > 0)
    refuse(from.field, `is set beside ${from.field}-data; keep one of them`);
  let pem: Buffer;
  try {
    pem = bytesOf(from);
  } catch (error) {
    return refuse(from.field, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const result = parse(pem);
    if (result !== undefined) return result;
  } catch {}
  return refuse(fieldOf(from), "is not PEM that can be read");
};

const certificate = (pem: Buffer): X509Certificate | undefined => readCaBundle(pem.toString()).certificates[0];

const checkCluster = (cluster: KubeconfigCluster, insecure: boolean, refuse: Refuse): string => {
  if (cluster.server === "") refuse("server", "is missing");
  const url = URL.parse(cluster.server) ?? refuse("server", "is not a URL");
  if (url.protocol !== "https:") refuse("server", "must start with https://");
  if (url.username || url.password || url.search || url.hash)
    refuse("server", "may hold a host, a port and a path only");
  if (cluster.insecure && !insecure)
    refuse("insecure-skip-tls-verify", "is refused: an answer from an unverified server cannot be trusted");
  if (cluster.insecure && isSet(cluster.ca))
    refuse("insecure-skip-tls-verify", "is set beside a certificate authority; keep one of them");
  if (cluster.proxyUrl !== "") refuse("proxy-url", "is not supported");
  if (isSet(cluster.ca)) parsed(cluster.ca, refuse, certificate);
  return `${url.origin}${url.pathname.replace(/\/+/g, "/").replace(/\/$/, "")}`;
};

const checkClientCertificate = (user: KubeconfigUser, refuse: Refuse): boolean => {
  if (!isSet(user.certificate) && !isSet(user.key)) return false;
  if (!isSet(user.certificate)) return refuse("client-certificate", "is missing beside client-key");
  const cert = parsed(user.certificate, refuse, certificate);
  if (!isSet(user.key)) return refuse("client-key", "is missing beside client-certificate");
  const key = parsed(user.key, refuse, createPrivateKey);
  if (!cert.checkPrivateKey(key)) refuse(fieldOf(user.key), "does not belong to the client certificate");
  return true;
};

/** What client-go tells a plugin: that it cannot ask a person (KEP-541), and its cluster where the kubeconfig says so (KEP-1513). */
const execInfo = ({ apiVersion, provideClusterInfo }: KubeconfigExec, cluster: KubeconfigCluster) => {
  const ca = bytesOf(cluster.ca).toString("base64");
  const spec = {
    ...(provideClusterInfo && {
      cluster: {
        server: cluster.server,
        ...(cluster.tlsServerName && { "tls-server-name": cluster.tlsServerName }),
        ...(cluster.insecure && { "insecure-skip-tls-verify": true }),
        ...(ca && { "certificate-authority-data": ca }),
        ...(cluster.disableCompression && { "disable-compression": true }),
        config: cluster.extensions.get("client.authentication.k8s.io/exec") ?? null,
      },
    }),
    interactive: false,
  };
  return { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify({ kind: "ExecCredential", apiVersion, spec }) };
};

const apiVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

const plugin = (exec: KubeconfigExec, refuse: Refuse): void => {
  if (exec.command === "") refuse("exec.command", "is missing");
  if (!apiVersions.includes(exec.apiVersion)) refuse("exec.apiVersion", `must be ${apiVersions.join(" or ")}`);
  const mode = exec.interactiveMode || (exec.apiVersion === apiVersions[1] ? "IfAvailable" : "");
  if (mode === "Always") refuse("exec.interactiveMode", "must not be Always, because no person can type here");
  if (mode !== "Never" && mode !== "IfAvailable") refuse("exec.interactiveMode", "must be Never or IfAvailable");
  if (exec.env.some(({ name }) => name === "")) refuse("exec.env", "holds a variable without a name");
};

const minted = (exec: KubeconfigExec, { mint, region }: Minting, { host, isEks }: Server, refuse: Refuse) => {
  const request = eksTokenRequestOf(exec, (field, why) => refuse(`user.${field}`, why));
  if (!request)
    return refuse(
      "user.exec.command",
      "is refused: a registry runs no command, and mints tokens only in place of aws eks get-token and aws-iam-authenticator; use a service account's token or a client certificate",
    );
  const wanted = request.region ?? region;
  if (!isEks && !isEksServer(host, wanted))
    refuse(
      "cluster.server",
      `is not an address of an EKS cluster${wanted ? ` in ${wanted}` : ""}, and EKS tokens are sent to no other server; if it is EKS nevertheless, set impersonation-admission.serverIsEks: true in the context's extensions`,
    );
  return (fresh: boolean) => mint(request, fresh);
};

interface Server {
  readonly host: string;
  readonly isEks: boolean;
}

/** As client-go writes them into a header's name (transport round_trippers.go, `headerKeyEscape`). */
const escapedKey = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

const impersonation = ({ as, asUid, asGroups, asExtra }: KubeconfigUser, refuse: Refuse) => {
  const extra = Object.entries(asExtra);
  const missing = (field: string) => refuse(field, "is set without as; name the user too");
  if (as === "") {
    if (asUid !== "") missing("as-uid");
    if (asGroups.length > 0) missing("as-groups");
    if (extra.length > 0) missing("as-user-extra");
    return {};
  }
  return {
    "Impersonate-User": as,
    ...(asUid !== "" && { "Impersonate-Uid": asUid }),
    ...(asGroups.length > 0 && { "Impersonate-Group": asGroups }),
    ...Object.fromEntries(extra.map(([key, values]) => [`Impersonate-Extra-${escapedKey(key)}`, values])),
  };
};

/**
 * Checks one context of a kubeconfig as client-go does before it is used (tools/clientcmd validation.go and client_config.go). Throws for a
 * context that cannot work here or that would weaken an answer, with the context and the field named.
 */
export function checkedContext(kubeconfig: Kubeconfig, name: string, use: ContextUse = {}): CheckedContext {
  const refuse: Refuse = (where, why) => {
    throw new Error(`context ${JSON.stringify(name)}: ${where} ${why}`);
  };
  const within =
    (kind: string): Refuse =>
    (field, why) =>
      refuse(`${kind}.${field}`, why);
  const context = kubeconfig.contexts.get(name) ?? refuse("context", "is not in the kubeconfig");
  const cluster = kubeconfig.clusters.get(context.cluster) ?? refuse("cluster", "is not in the kubeconfig");
  const user = kubeconfig.users.get(context.user) ?? refuse("user", "is not in the kubeconfig");
  const server = checkCluster(cluster, use.insecure ?? false, within("cluster"));
  const refuseUser = within("user");
  if (user.username !== "" || user.password !== "")
    refuseUser("username", "is refused: API servers accept no passwords since Kubernetes 1.19");
  if (user.authProvider) refuseUser("auth-provider", "is not supported; use exec, a token or a client certificate");
  if (user.token !== "" && !/^[\x21-\x7e]+$/.test(user.token))
    refuseUser("token", "holds characters that a header cannot carry");
  const hasCertificate = checkClientCertificate(user, refuseUser);
  const { plugins = "run", serverIsEks: isEks = false } = use;
  // A plugin is not run where there is a token or a certificate (plugin/pkg/client/auth/exec `UpdateTransportConfig`), but must be valid.
  if (user.exec && plugins === "run") plugin(user.exec, refuseUser);
  const mint =
    user.exec && plugins !== "run"
      ? minted(user.exec, plugins, { host: new URL(server).hostname, isEks }, refuse)
      : undefined;
  const isPlain = hasCertificate || user.token !== "" || user.tokenFile !== "";
  if (!isPlain && !user.exec)
    refuse(
      "user",
      "has no token, tokenFile, client certificate or exec plugin, and API servers refuse anonymous questions",
    );
  return {
    server,
    insecure: cluster.insecure,
    tlsServerName: cluster.tlsServerName,
    ca: cluster.ca,
    certificate: user.certificate,
    key: user.key,
    token: user.token,
    tokenFile: user.tokenFile,
    exec:
      user.exec && !isPlain && !mint
        ? { ...user.exec, env: [...user.exec.env, execInfo(user.exec, cluster)] }
        : undefined,
    mint: isPlain ? undefined : mint,
    impersonation: impersonation(user, refuseUser),
  };
}
