import { Agent } from "node:https";
import { isDeepStrictEqual } from "node:util";
import { type Exchange, exchange, type HttpReply } from "../net/exchange.ts";
import { queue } from "../net/queue.ts";
import { singleFlightLookup } from "../net/single-flight-lookup.ts";
import { accessFailure, credentialFailure, Unanswered } from "./access-failure.ts";
import { type CheckedContext, type ContextUse, checkedContext } from "./checked-context.ts";
import { type Credentials, credentialsFrom } from "./credentials.ts";
import type { Kubeconfig } from "./kubeconfig.ts";

/** One request to an API server, without its credentials: a GET, or a POST where there is a body. */
export interface ClusterRequest extends Pick<Exchange, "mostBytes" | "decoded"> {
  /** Path and query. The path of the server's URL is put in front. */
  readonly path: string;
  /** JSON. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Ends the request, also while it waits for its turn. */
  readonly signal: AbortSignal;
}

/** The way to one context's API server. */
export interface Connection {
  /** The cluster's name in messages. */
  readonly label: string;
  readonly context: CheckedContext;
  /**
   * Sends a request with the credentials of the context's user. Where they are refused (401) and others can be had, the request goes out
   * once more with those. The reply is returned whatever its status; without a reply it rejects with an `Unanswered`.
   */
  readonly send: (request: ClusterRequest) => Promise<HttpReply>;
  /** Closes all connections. */
  readonly close: () => void;
}

export interface ConnectionOptions extends ContextUse {
  /**
   * The cluster's name in messages: `cluster "prod"` for a cluster of a registry, because users read it in denials and the context's name
   * may be an ARN. Absent: `context "NAME"`.
   */
  readonly label?: string;
  /** The most requests that are sent at the same time, each on a TCP connection of its own. 16 where absent. */
  readonly mostAtOnce?: number;
  /** The most requests that wait for their turn; one more fails. 256 where absent. */
  readonly mostWaiting?: number;
}

/** Node's default of 250 ms per address is shorter than a transatlantic TLS handshake. */
const autoSelectFamilyAttemptTimeout = 1_000;

/**
 * Opens the way to one context's API server: one pool of kept-alive connections, and credentials as the kubeconfig says. Throws for what
 * cannot work, with the context and the field named (see `checkedContext`). Sends nothing before the first request.
 *
 * @example const connection = openConnection(kubeconfig, "prod");
 */
export function openConnection(kubeconfig: Kubeconfig, name: string, options: ConnectionOptions = {}): Connection {
  const { label = `context ${JSON.stringify(name)}`, mostAtOnce = 16, mostWaiting = 256 } = options;
  const context = checkedContext(kubeconfig, name, options);
  // No maxSockets: a connection that the agent replaces for a request in its own queue outlives that request.
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: !context.insecure,
    autoSelectFamilyAttemptTimeout,
    lookup: singleFlightLookup(),
  });
  const inTurn = queue(mostAtOnce, mostWaiting);
  const issued = credentialsFrom(context);
  const credentialsOf = (refused?: Credentials): Promise<Credentials> =>
    issued(refused).catch((error: unknown) => {
      throw new Unanswered(credentialFailure(label, context.exec?.command, error));
    });

  const sendWith = (
    { path, body = "", headers, signal, ...reading }: ClusterRequest,
    { headers: authorization, ...tls }: Credentials,
  ): Promise<HttpReply> => {
    const options = {
      ...tls,
      signal,
      method: body === "" ? "GET" : "POST",
      headers: {
        accept: "application/json",
        "user-agent": "impersonation-admission",
        ...(body && { "content-type": "application/json" }),
        ...headers,
        ...authorization,
      },
    };
    return inTurn(signal, () => exchange(agent, { url: context.server + path, options, body, ...reading }));
  };

  const send = async (request: ClusterRequest): Promise<HttpReply> => {
    try {
      const credentials = await credentialsOf();
      const reply = await sendWith(request, credentials);
      if (reply.status !== 401) return reply;
      const others = await credentialsOf(credentials);
      return isDeepStrictEqual(others, credentials) ? reply : await sendWith(request, others);
    } catch (error) {
      throw new Unanswered(accessFailure(label, error), { cause: error });
    }
  };
  return { label, context, send, close: () => agent.destroy() };
}
