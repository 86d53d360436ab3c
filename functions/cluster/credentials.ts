import { readFileSync } from "node:fs";
import { validateHeaderValue } from "node:http";
import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { readCaBundle } from "./ca-bundle.ts";
import { bytesOf, type CheckedContext, isSet } from "./checked-context.ts";
import { runPlugin } from "./exec-plugin.ts";

/** The credentials of a request: headers, and the TLS material of its connection. */
export type Credentials = Pick<RequestOptions, "headers" | "ca" | "cert" | "key" | "servername">;

/**
 * Gets one cluster's credentials. Called with credentials that its API server has refused (401), it forgets them: files are read, plugins
 * run and tokens minted again, once for all requests that were refused with the same ones.
 */
export type CredentialsOf = (refused?: Credentials) => Promise<Credentials>;

/** Credentials, and until when they may be kept, in milliseconds since the epoch. */
interface Issued {
  readonly credentials: Credentials;
  readonly until: number;
}

/** How long the content of files is kept, as in client-go. */
const fileAge = 60_000;

/**
 * The token of a `tokenFile`; where that cannot be read, the `token` beside it (client-go transport
 * `NewBearerAuthWithRefreshRoundTripper`).
 */
const plainToken = ({ token, tokenFile }: CheckedContext): string => {
  if (tokenFile === "") return token;
  try {
    return readFileSync(tokenFile, "utf8").trim() || token;
  } catch (error) {
    if (token !== "") return token;
    throw error;
  }
};

/** The proof of a user's identity, as it is sent; PEM in latin1, "" and an empty list where there is none. */
interface Proof {
  readonly token: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: readonly string[];
}

const base64 = (pem: string): string => Buffer.from(pem, "latin1").toString("base64");

/** The options of a request, as client-node derives them from a cluster and a user. */
const optionsOf = async ({ server, tlsServerName }: CheckedContext, proof: Proof): Promise<RequestOptions> => {
  const { token, cert, key, ca } = proof;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    {
      ...{ name: "cluster", server, skipTLSVerify: false },
      ...(ca.length > 0 && { caData: base64(ca.join("")) }),
      ...(tlsServerName && { tlsServerName }),
    },
    { name: "user", ...(token && { token }), ...(cert && { certData: base64(cert), keyData: base64(key) }) },
  );
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  return options;
};

const issue = async (context: CheckedContext, fresh: boolean): Promise<Issued> => {
  const plugin = context.exec && (await runPlugin(context.exec));
  const token = plainToken(context) || plugin?.token || (await context.mint?.(fresh)) || "";
  const ca = readCaBundle(bytesOf(context.ca).toString()).certificates.map(String);
  // Without one, the system's roots would be trusted.
  if (isSet(context.ca) && ca.length === 0) throw new Error("the certificate authority is no longer PEM");
  const cert = plugin?.cert || bytesOf(context.certificate).toString("latin1");
  const key = plugin?.key || bytesOf(context.key).toString("latin1");
  if (!token && !cert) throw new Error("there is neither a token nor a certificate");
  const { agent: _, headers: authorization, ...tls } = await optionsOf(context, { token, cert, key, ca });
  const headers = { ...authorization, ...context.impersonation } as NonNullable<Credentials["headers"]>;
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) validateHeaderValue(name, String(value));
  return { credentials: { ...tls, headers }, until: plugin?.until ?? Date.now() + fileAge };
};

/**
 * Gets the credentials of one context as its kubeconfig says, and keeps them while they are good. Callers that come while they are being
 * fetched wait for the same ones.
 */
export function credentialsFrom(context: CheckedContext): CredentialsOf {
  let last: Promise<Issued> | undefined;

  const renew = (fresh: boolean): Promise<Issued> => {
    const now = issue(context, fresh);
    last = now;
    now.catch(() => {
      if (last === now) last = undefined;
    });
    return now;
  };

  return async (refused) => {
    const known = last ?? renew(false);
    const { credentials, until } = await known;
    if (credentials !== refused && Date.now() < until) return credentials;
    if (last === known) last = undefined;
    return (await (last ?? renew(refused !== undefined))).credentials;
  };
}
