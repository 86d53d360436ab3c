import { validateHeaderValue } from "node:http";
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { MintToken } from "../aws/eks-token.ts";
import { runPlugin } from "./exec-plugin.ts";
import { usableContext } from "./usable-context.ts";

/** What makes a request somebody's: headers, and the TLS material of its connection. */
export type Credentials = Pick<RequestOptions, "headers" | "ca" | "cert" | "key" | "servername">;

/**
 * One cluster's credentials. With those that its API server has refused (401), what was kept is forgotten: files are read, plugins run and
 * tokens minted again, once for all who were refused the same ones.
 */
export type CredentialsOf = (refused?: Credentials) => Promise<Credentials>;

/** Credentials, and until when they may be kept, in milliseconds since the epoch. */
interface Issued {
  readonly credentials: Credentials;
  readonly until: number;
}

/** How old what was read from files may become, as with client-go. */
const fileAge = 60_000;

const issue = async (own: KubeConfig): Promise<Issued> => {
  const [{ exec, ...user }] = own.users as [KubeConfig["users"][number]];
  const plugin = exec ? await runPlugin(exec) : undefined;
  // client-node would run it itself, for any time, with its standard input open.
  own.users = [user];
  const applied: RequestOptions = {};
  await own.applyToHTTPSOptions(applied);
  const { ca, cert = plugin?.cert, key = plugin?.key, servername } = applied;
  const given = { ...(plugin?.token ? { Authorization: `Bearer ${plugin.token}` } : {}), ...applied.headers };
  const headers = Object.entries(given).map(([name, value]) => [name, String(value).trim()] as const);
  for (const [name, value] of headers) validateHeaderValue(name, value);
  // client-node makes an anonymous request of an empty token.
  if (!cert && !headers.some(([name, value]) => name === "Authorization" && value.includes(" ")))
    throw new Error("there is neither a token nor a certificate");
  return {
    credentials: { ca, cert, key, ...(servername ? { servername } : {}), headers: Object.fromEntries(headers) },
    until: plugin?.until ?? Date.now() + fileAge,
  };
};

/**
 * Gets the credentials of one context as its kubeconfig says, and keeps them while they are good. Who asks while they are on their way
 * waits for the same ones.
 */
export const credentialsFrom = (kubeconfig: KubeConfig, context: string, mint?: MintToken): CredentialsOf => {
  let last: Promise<Issued> | undefined;

  const renew = (fresh: boolean): Promise<Issued> => {
    const now = issue(usableContext(kubeconfig, context, mint && ((request) => mint(request, fresh))));
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
};
