import { type Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { type RequestOptions, request as tlsRequest } from "node:https";

/** One request over a pooled connection. The scheme of its URL says which of Node's two kinds of agents belongs to it. */
export interface Exchange {
  readonly url: string;
  /** Method, headers and TLS material; `signal` ends the exchange, whatever it is doing. */
  readonly options: RequestOptions;
  readonly body: string;
  /** The most that is read of the reply, in bytes; 1 MiB where absent, far above any SubjectAccessReview or Status. */
  readonly mostBytes?: number;
  /** Undoes what the request's `accept-encoding` allows. Its bytes are what is counted. */
  readonly decoded?: (response: IncomingMessage) => AsyncIterable<Buffer>;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const tooLarge = "ERR_REPLY_TOO_LARGE";

const read = async (response: IncomingMessage, { mostBytes = 1024 * 1024, decoded }: Exchange): Promise<HttpReply> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded ? decoded(response) : (response as AsyncIterable<Buffer>)) {
    size += chunk.length;
    if (size > mostBytes)
      throw Object.assign(new Error(`the reply is larger than ${mostBytes} bytes`), { code: tooLarge });
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    text: Buffer.concat(chunks).toString("utf8"),
  };
};

/** One dead idle connection means that all of them are suspect: they slept through the same freeze, or lie behind the same silence. */
const closeIdle = (agent: Agent) => {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
};

const closedByPeer = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Sends and reads; never follows a redirect. A connection that died while it was idle is no verdict about the server: a function is frozen
 * between invocations and the server closes what it does not hear from. So the request goes out once more if it was written to an idle
 * connection that turned out closed before any reply; only once, because no idle one is left then. Rejects with Node's own errors.
 */
export function exchange(agent: Agent, asked: Exchange): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const { url, options, body } = asked;
    const request = url.startsWith("http:") ? plainRequest : tlsRequest;
    const sent = request(url, { ...options, agent });
    let replied = false;
    sent.on("response", (response) => {
      replied = true;
      read(response, asked).then(resolve, reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (!sent.reusedSocket || replied) return reject(error);
      closeIdle(agent);
      if (!closedByPeer.has(error.code ?? "")) return reject(error);
      resolve(exchange(agent, asked));
    });
    // Without a listener Node ends the connection and says nothing.
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: {}, text: "" });
    });
    sent.end(body);
  });
}
