import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Cluster, KubeConfig, type User } from "@kubernetes/client-node";
import { eksTokenRequestOf } from "../aws/eks-exec.ts";
import type { MintToken } from "../aws/eks-token.ts";
import { unsupported } from "./kubeconfig.ts";

/** Ends the reading of a context: `where` is the kubeconfig field that a person has to change. */
type Refuse = (where: string, why: string) => never;

/** A file or inline data of a kubeconfig. Inline data wins, as with kubectl (client-node prefers the file). */
interface Source {
  readonly field: string;
  readonly file: string | undefined;
  readonly data: string | undefined;
}

const source = (field: string, file: string | undefined, data: string | undefined): Source =>
  data ? { field: `${field}-data`, file: undefined, data } : { field, file: file || undefined, data: undefined };

const bytesOf = ({ field, file, data }: Source, refuse: Refuse): Buffer | undefined => {
  if (data) return Buffer.from(data, "base64");
  try {
    return file ? readFileSync(file) : undefined;
  } catch (error) {
    return refuse(field, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

/** Reads PEM with a parser that throws; its own message is left out, it may quote what it read. */
const parsed = <T>(from: Source, refuse: Refuse, parse: (pem: Buffer) => T): T | undefined => {
  const pem = bytesOf(from, refuse);
  try {
    return pem && parse(pem);
  } catch {
    return refuse(from.field, "is not PEM that can be read");
  }
};

const usableCluster = (cluster: Cluster, refuse: Refuse): Cluster => {
  const url = URL.parse(cluster.server) ?? refuse("server", "is not a URL");
  if (url.protocol !== "https:") refuse("server", "must start with https://");
  if (url.username || url.password || url.search || url.hash)
    refuse("server", "may hold a host, a port and a path only");
  if (cluster.skipTLSVerify)
    refuse("insecure-skip-tls-verify", "is refused: a verdict from a server that nobody verified guards nothing");
  if (cluster.proxyUrl) refuse("proxy-url", "is not supported");
  const ca = source("certificate-authority", cluster.caFile, cluster.caData);
  parsed(ca, refuse, (pem) => new X509Certificate(pem));
  return {
    name: cluster.name,
    server: cluster.server,
    skipTLSVerify: false,
    ...(ca.data ? { caData: ca.data } : {}),
    ...(ca.file ? { caFile: ca.file } : {}),
    ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
  };
};

const clientCertificate = (user: User, refuse: Refuse): Partial<User> => {
  const certificate = source("client-certificate", user.certFile, user.certData);
  const privateKey = source("client-key", user.keyFile, user.keyData);
  const cert = parsed(certificate, refuse, (pem) => new X509Certificate(pem));
  const key = parsed(privateKey, refuse, (pem) => createPrivateKey(pem));
  if (!cert && !key) return {};
  if (!cert) return refuse("client-certificate", "is missing beside client-key");
  if (!key) return refuse("client-key", "is missing beside client-certificate");
  if (!cert.checkPrivateKey(key)) return refuse(privateKey.field, "does not belong to the client certificate");
  return {
    ...(certificate.data ? { certData: certificate.data } : {}),
    ...(certificate.file ? { certFile: certificate.file } : {}),
    ...(privateKey.data ? { keyData: privateKey.data } : {}),
    ...(privateKey.file ? { keyFile: privateKey.file } : {}),
  };
};

/** Tokens travel in a header; one that was read from a file may end in a line break. */
const token = (user: User, refuse: Refuse): Partial<User> => {
  if (user.token == null) return {};
  if (typeof user.token !== "string" || !/^[\x21-\x7e]+$/.test(user.token.trim()))
    return refuse("token", "is not a token that can travel in a header");
  return { token: user.token.trim() };
};

/** What client-go tells a plugin and client-node does not: its API version, and that nobody sits there to type (KEP-541). */
const execInfo = ({ apiVersion }: { readonly apiVersion?: unknown }) => ({
  name: "KUBERNETES_EXEC_INFO",
  value: JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } }),
});

/** The `authProvider` of a user whose tokens are minted here. */
const minted = "minted";

const minter = (mint: MintToken): Parameters<KubeConfig["addAuthenticator"]>[0] => ({
  isAuthProvider: ({ authProvider }) => authProvider?.name === minted,
  applyAuthentication: async ({ authProvider }, options) => {
    options.headers = { ...options.headers, Authorization: `Bearer ${await mint(authProvider.config)}` };
  },
});

const exec = (user: User, refuse: Refuse, mint: MintToken | undefined): Partial<User> => {
  if (user.exec == null) return {};
  const config = mint && eksTokenRequestOf(user.exec, refuse);
  if (config) return { authProvider: { name: minted, config } };
  if (typeof user.exec.command !== "string" || user.exec.command === "") return refuse("exec.command", "is missing");
  if (user.exec.interactiveMode === "Always") return refuse("exec.interactiveMode", "must not be Always here");
  return { exec: { ...user.exec, env: [...(Array.isArray(user.exec.env) ? user.exec.env : []), execInfo(user.exec)] } };
};

const tokenFile = (user: User, refuse: Refuse): Partial<User> => {
  if (user.authProvider == null) return {};
  if (user.authProvider.name === unsupported)
    return refuse(user.authProvider.member, "is not supported; only as is, a name");
  if (user.authProvider.name !== "tokenFile")
    return refuse("auth-provider", "is not supported; use exec, a token or a client certificate");
  return { authProvider: user.authProvider };
};

const usableUser = (user: User, refuse: Refuse, mint: MintToken | undefined): User => {
  if (user.username || user.password)
    refuse("username", "is refused: API servers know no passwords since Kubernetes 1.19");
  const credentials = {
    ...clientCertificate(user, refuse),
    ...token(user, refuse),
    ...tokenFile(user, refuse),
    ...exec(user, refuse, mint),
  };
  if (Object.keys(credentials).length === 0)
    refuse(
      "",
      "holds no token, tokenFile, client certificate or exec plugin, and an anonymous question is never answered",
    );
  return {
    name: user.name,
    ...credentials,
    ...(user.impersonateUser ? { impersonateUser: user.impersonateUser } : {}),
  };
};

/**
 * One context of a kubeconfig as a kubeconfig of its own: client-node keeps "the current context" and a token cache in the object, so
 * clusters must not share one. Throws for what cannot work here or would weaken the answer, with the context and the field named.
 *
 * @param mint makes the tokens of users whose exec plugin is the AWS CLI or aws-iam-authenticator; without it, those are run like others
 */
export const usableContext = (kubeconfig: KubeConfig, name: string, mint?: MintToken): KubeConfig => {
  const refuse =
    (kind: string): Refuse =>
    (field, why) => {
      throw new Error(`context ${JSON.stringify(name)}: ${kind}${field && `.${field}`} ${why}`);
    };
  const context =
    kubeconfig.getContextObject(name) ?? refuse("context")("", "is not in the kubeconfig, or has no cluster");
  const cluster =
    kubeconfig.getCluster(context.cluster) ?? refuse("cluster")("", "is not in the kubeconfig, or has no server");
  const user = kubeconfig.getUser(context.user) ?? refuse("user")("", "is not in the kubeconfig");
  const sole = new KubeConfig();
  sole.loadFromOptions({
    clusters: [usableCluster(cluster, refuse("cluster"))],
    users: [usableUser(user, refuse("user"), mint)],
    contexts: [{ name, cluster: cluster.name, user: user.name }],
    currentContext: name,
  });
  if (mint) sole.addAuthenticator(minter(mint));
  return sole;
};
