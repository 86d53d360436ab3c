import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { httpFailure, lateFailure } from "../../functions/cluster/access-failure.ts";
import { type Connection, openConnection } from "../../functions/cluster/connection.ts";
import type { Kubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { type HttpReply, tooLarge } from "../../functions/net/exchange.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { naming } from "../command-line/files.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { UsageError } from "../command-line/usage.ts";

/** Exit status 2: the cluster could not be inspected, so the result is unknown. */
export class ClusterError extends UsageError {
  override name = "ClusterError";
}

/** A reply has more bytes than the request allows. The connection is closed without reading the rest. */
export class ReplyTooLarge extends ClusterError {
  override name = "ReplyTooLarge";
}

export interface ApiRequest {
  /** GET where there is no body, POST where there is one. */
  readonly body?: object;
  /** From the root, with its query: `/apis/apps/v1/deployments?limit=500`. */
  readonly path: string;
  /** The most bytes of the reply; 16 MiB where absent. */
  readonly mostBytes?: number;
}

/** The answer of an API server, success or not. */
export interface ApiReply {
  readonly status: number;
  readonly body: JsonObject;
  /** The texts of the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** Sends requests as one context of a kubeconfig. An error status is a reply; a request without a reply throws a `ClusterError`. */
export interface ApiClient {
  readonly context: string;
  /** The whole kubeconfig that has this context. */
  readonly kubeconfig: Kubeconfig;
  /** The server is not verified, because its kubeconfig says so (`insecure-skip-tls-verify`). */
  readonly insecure: boolean;
  readonly send: (request: ApiRequest) => Promise<ApiReply>;
  readonly close: () => void;
}

const deadline = 60_000;
/** Requests at once, each on a TCP connection of its own; the others wait. */
const mostAtOnce = 8;
const headers = { "accept-encoding": "gzip" };
const usualBytes = 16 * 1024 * 1024;
/** The most time in all that a request waits for a busy API server, which says how many seconds to wait (priority and fairness). */
const mostPatience = 60_000;

export interface OpenOptions {
  /**
   * Whether the client only asks questions, under the rules of the function: its user may impersonate another (`as`), and its server must
   * be verified. Otherwise `as` is refused, because objects that another user lists and tries say nothing about this user, and a server
   * that is not verified is accepted.
   */
  readonly asks?: boolean;
}

/**
 * Opens a context of a kubeconfig file; without a file, of the kubeconfigs that kubectl reads by default; without a name, the current
 * context. Sends nothing yet.
 */
export function openCluster(
  file: string | undefined,
  contextName?: string,
  { asks = false }: OpenOptions = {},
): ApiClient {
  const { kubeconfig, context, origin } = chooseContext(file, contextName);
  const connection = naming(origin, () =>
    openConnection(kubeconfig, context, { insecure: !asks, mostAtOnce, mostWaiting: Number.POSITIVE_INFINITY }),
  );
  if (!asks && Object.keys(connection.context.impersonation).length > 0)
    throw new UsageError(
      `${origin}: context ${JSON.stringify(context)}: user.as is refused: this command reads and tries objects as the user of the context, not as another user; name a context without as`,
    );
  return clientOf(kubeconfig, context, connection);
}

const clientOf = (kubeconfig: Kubeconfig, context: string, connection: Connection): ApiClient => {
  const { label, close } = connection;

  const once = async ({ path, body, mostBytes = usualBytes }: ApiRequest): Promise<HttpReply> => {
    const signal = AbortSignal.timeout(deadline);
    const text = body && JSON.stringify(body);
    try {
      return await connection.send({ path, body: text, headers, signal, mostBytes, decoded: gunzipped });
    } catch (error) {
      const { message, cause } = error as Error;
      if (cause instanceof Error && "code" in cause && cause.code === tooLarge) throw new ReplyTooLarge(cause.message);
      throw new ClusterError(signal.aborted ? lateFailure(label, deadline).failure : message);
    }
  };

  const send = async (request: ApiRequest): Promise<ApiReply> => {
    for (let patience = mostPatience; ; ) {
      const { status, headers, text } = await once(request);
      if (status === 401) throw new ClusterError(httpFailure(label, status).failure);
      const pause = status === 429 ? 1000 * Number(headers["retry-after"]) : 0;
      if (!(pause > 0 && pause <= patience))
        return { status, body: objectIn(text), warnings: warningTexts(headers["warning"] ?? "") };
      patience -= pause;
      await sleep(pause);
    }
  };
  return { context, kubeconfig, insecure: connection.context.insecure, send, close };
};

/** A failure of either stream ends the other, so that a reply that breaks off is not waited for. */
const gunzipped = (response: IncomingMessage): AsyncIterable<Buffer> =>
  response.headers["content-encoding"] === "gzip" ? pipeline(response, createGunzip(), () => {}) : response;

/** Some errors come as plain text, from the API server too. */
const objectIn = (text: string): JsonObject => {
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return body;
  } catch {}
  return { message: text.trim().slice(0, 300) };
};

/** `299 - "text"`, with quotes and backslashes escaped (RFC 9111 dropped the header, Kubernetes did not). */
const warningTexts = (header: string): readonly string[] =>
  [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1"));

/** The message of an error reply (`metav1.Status`), or its status code. */
export function messageOf({ status, body }: ApiReply): string {
  const { message } = body;
  return typeof message === "string" && message !== "" ? message : `HTTP ${status}`;
}

/** The warning about a server that is not verified. */
export function notVerified({ context }: ApiClient): string {
  return `context ${JSON.stringify(context)} has insecure-skip-tls-verify: the server is not verified, so another server could have answered and read the credentials`;
}
