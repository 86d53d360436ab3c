import { checkedContext } from "../../functions/cluster/checked-context.ts";
import { credentialsFrom } from "../../functions/cluster/credentials.ts";
import { readUserInfo, type UserInfo } from "../../lib/identity/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { isObject } from "../../lib/meta/json.ts";
import { type ApiClient, ClusterError } from "../cluster/api-client.ts";
import type { AccountsOfProxy } from "./check-proxy-actor.ts";
import { openWay, type RawReply, type RawRequest, type Way } from "./way.ts";

/** A user that no cluster has. */
export const inventedUser = "impersonation-admission:invented";

export interface ProxySiteOptions {
  /** The cluster, reached directly. */
  readonly api: ApiClient;
  /** The URL of the proxy. */
  readonly url: string;
  /** PEM of the CA of its certificate; absent: the roots of this system. */
  readonly ca: string | undefined;
  /** The API server's audit log. */
  readonly auditLog: string | undefined;
  readonly accounts: AccountsOfProxy | undefined;
}

/** A proxy and the cluster behind it, which all checks of a proxy look at with one user's credential. */
export interface ProxySite extends ProxySiteOptions {
  readonly direct: Way;
  readonly through: Way;
}

/** A request to the proxy got no answer. */
export class ProxyUnanswered extends Error {
  override name = "ProxyUnanswered";
}

/** Opens both ways to the cluster. Sends nothing yet. */
export async function openProxySite(options: ProxySiteOptions): Promise<ProxySite> {
  const { api, url, ca } = options;
  const context = checkedContext(api.kubeconfig, api.context, { insecure: true });
  const {
    headers = {},
    cert,
    key,
    ca: serverCa,
    servername,
  } = await credentialsFrom(context)().catch((error: Error) => {
    throw new ClusterError(`the credential of context ${JSON.stringify(api.context)} cannot be had (${error.name})`);
  });
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  const user = {
    certificate: { ...(cert && { cert }), ...(key && { key }) },
    authorization: authorization === undefined ? undefined : String(authorization),
  };
  const trust = {
    rejectUnauthorized: !context.insecure,
    ...(serverCa && { ca: serverCa }),
    ...(servername && { servername }),
  };
  return {
    ...options,
    direct: openWay({
      ...{ url: context.server, trust, ...user },
      failure: (reason) =>
        new ClusterError(`the API server of context ${JSON.stringify(api.context)} cannot be reached (${reason})`),
    }),
    through: openWay({
      ...{ url, trust: ca === undefined ? {} : { ca }, ...user },
      failure: (reason) => new ProxyUnanswered(`a request through the proxy got no answer (${reason})`),
    }),
  };
}

/** What a way answers when it is asked who the user is: the user, or another answer. */
export type Told = { readonly user: UserInfo } | { readonly reply: RawReply };

/** Asks who the user of a request is (SelfSubjectReview, which stores nothing). */
export async function whoIsOver(way: Way, request: Omit<RawRequest, "path" | "body"> = {}, query = ""): Promise<Told> {
  const apiVersion = "authentication.k8s.io/v1";
  const path = `/apis/${apiVersion}/selfsubjectreviews${query}`;
  const reply = await way.send({ ...request, path, body: { apiVersion, kind: "SelfSubjectReview" } });
  const { status } = reply.body;
  const user = readUserInfo(isObject(status) ? status["userInfo"] : undefined);
  return reply.status !== 201 || isProblem(user) ? { reply } : { user };
}

/** An answer in words: its status, and the message of its Status. */
export function formatReply({ status, body: { message } }: RawReply): string {
  return typeof message === "string" && message !== "" ? `${status} (${message.slice(0, 200)})` : String(status);
}
