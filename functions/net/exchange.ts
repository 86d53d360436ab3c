import { type Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { type RequestOptions, request as tlsRequest } from "node:https";

/** One request over a pooled connection. The scheme of its URL says which of Node's two kinds of agents belongs to it. */
export interface Exchange {
  readonly url: string;
  /** Method, headers and TLS material; `signal` ends the exchange, whatever it is doing. */
  readonly options: RequestOptions;
  readonly body: string;
  /** The most that is read of the reply, in bytes; 1 MiB where absent. */
  readonly mostBytes?: number;
  /** Undoes an encoding that the request's `accept-encoding` allows. The decoded bytes are counted. */
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

/** All idle connections were frozen together, or share the same dead network path; close them all. */
const closeIdle = (agent: Agent) => {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
};

const closedByPeer = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Sends a request and reads the reply; never follows a redirect. A request that was written to an idle connection goes out once more if the
 * connection turns out to be closed before any reply: a function is frozen between invocations, and meanwhile servers close idle
 * connections. It goes out only once more, because no idle connection is left then. Rejects with Node's own errors.
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
    // Without a listener Node closes the connection, and no other event follows.
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: {}, text: "" });
    });
    sent.end(body);
  });
}
