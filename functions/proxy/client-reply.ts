import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Writable } from "node:stream";

/** The answer to a client, whatever HTTP it speaks. */
export interface ClientReply {
  /**
   * Sends status and headers.
   *
   * @param headers names and values, in turn
   */
  readonly respond: (status: number, headers: readonly string[]) => void;
  readonly body: Writable;
  /**
   * Sends what is written from now on, until all that has arrived is handled, in one piece. Absent where the connection does so by itself,
   * as with HTTP/2.
   */
  readonly gather?: () => void;
  /** Sends trailers behind the body; to be called before it ends. False for what no header can hold. */
  readonly addTrailers: (trailers: readonly string[]) => boolean;
  /** Ends the answer so that the client sees that it is not whole. */
  readonly cut: () => void;
  readonly hasResponded: () => boolean;
  /** Calls back once, when nothing more can be sent: the answer was sent, or the client has left. */
  readonly onClose: (listener: () => void) => void;
}

/** Corks a connection until all events of this turn of the event loop are handled. */
const gatheringOn = (connection: () => Writable | null) => {
  let isGathering = false;
  return (): void => {
    const corked = connection();
    if (isGathering || corked === null) return;
    isGathering = true;
    corked.cork();
    setImmediate(() => {
      isGathering = false;
      corked.uncork();
    });
  };
};

const isHttp2 = (response: ServerResponse | Http2ServerResponse): response is Http2ServerResponse =>
  "stream" in response;

/** The answer that a response of Node's stands for. */
export function clientReplyOf(response: ServerResponse | Http2ServerResponse): ClientReply {
  const shared = {
    addTrailers: (trailers: readonly string[]) => {
      const pairs: [string, string][] = [];
      for (let at = 0; at + 1 < trailers.length; at += 2) pairs.push([trailers[at] ?? "", trailers[at + 1] ?? ""]);
      try {
        response.addTrailers(Object.fromEntries(pairs));
        return true;
      } catch {
        return false;
      }
    },
    hasResponded: () => response.headersSent,
  };
  if (!isHttp2(response)) {
    response.sendDate = false;
    response.on("error", () => {});
    // Not the response: it would send what is corked behind its end.
    const gather = gatheringOn(() => response.socket);
    return {
      ...shared,
      respond: (status, headers) => {
        response.writeHead(status, headers as string[]);
        gather();
        response.flushHeaders();
      },
      body: response,
      gather,
      cut: () => response.destroy(),
      onClose: (listener) => response.once("close", listener),
    };
  }
  const { stream } = response;
  const { req } = response;
  stream.on("error", () => {});
  // Where a client resets the stream with NO_ERROR, Node would wait until what is written is sent, which is never.
  stream.once("aborted", () => stream.destroy());
  stream.once("finish", () => {
    // The rest of a body that was not wanted.
    if (!stream.endAfterHeaders && !req.complete) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  return {
    ...shared,
    respond: (status, headers) => {
      if (stream.destroyed || stream.closed) return;
      const wantsTrailers = req.headers["te"] === "trailers";
      const lines = [":status", String(status), ...headers];
      stream.respond(lines, wantsTrailers ? { waitForTrailers: true } : {});
    },
    body: stream,
    // Without an error the stream would end as if it were complete.
    cut: () => stream.destroy(new Error("the answer is not whole")),
    onClose: (listener) => stream.once("close", listener),
  };
}
