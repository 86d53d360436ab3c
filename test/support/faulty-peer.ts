import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";

/** A request as it arrived. `connection` counts those of the peer, `nth` the requests on this one, both from 1. */
export interface Asked {
  readonly head: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly connection: number;
  readonly nth: number;
}

/** All that the peer can do to its client: send any bytes at any time, and end the connection in every way. */
export interface Wire {
  readonly send: (bytes: string | Buffer) => void;
  /** Ends our half in good order: close_notify and FIN. */
  readonly end: () => void;
  /** A TCP reset, of which TLS knows nothing. */
  readonly reset: () => void;
  readonly isOpen: () => boolean;
}

export type Behaviour = (wire: Wire, asked: Asked) => void;

/** How far the peer goes before it misbehaves. */
export type Greeting =
  | "tls"
  /** Accepts connections, and sends nothing. */
  | "mute"
  /** Resets every connection at once. */
  | "reset"
  /** Answers in plain text. */
  | "plain";

export interface FaultyPeer {
  readonly url: string;
  readonly asked: Asked[];
  behave: Behaviour;
  /** Connections so far (TCP), and those that are open. */
  readonly connections: () => number;
  readonly open: () => number;
  /** Resets all open connections. */
  readonly resetAll: () => void;
  readonly close: () => Promise<void>;
}

const headEnd = "\r\n\r\n";

/** Splits the arriving bytes into requests. They have a Content-Length, and each comes after the answer to the one before. */
const requestsIn = (take: (head: string, body: string) => void) => {
  let text = "";
  return (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    const end = text.indexOf(headEnd);
    if (end < 0) return;
    const head = text.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const body = text.slice(end + headEnd.length);
    if (body.length < length) return;
    text = body.slice(length);
    take(head, Buffer.from(body.slice(0, length), "latin1").toString("utf8"));
  };
};

/** A server on 127.0.0.1 in an API server's place that answers with raw bytes, so that it can break every rule. */
export const startFaultyPeer = async (
  behave: Behaviour,
  certificate: { readonly cert: string; readonly key: string },
  greeting: Greeting = "tls",
): Promise<FaultyPeer> => {
  const sockets = new Set<Socket>();
  const asked: Asked[] = [];
  const tlsServer = createTlsServer(certificate, (socket) => serve(socket));
  let connections = 0;

  const serve = (socket: TLSSocket): void => {
    const connection = numbers.get(socket.remotePort) ?? 0;
    const raw = [...sockets].find(({ remotePort }) => remotePort === socket.remotePort);
    let nth = 0;
    const wire: Wire = {
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      end: () => void socket.end(),
      reset: () => void raw?.resetAndDestroy(),
      isOpen: () => !socket.destroyed && socket.writable,
    };
    socket.on("error", () => {});
    socket.on(
      "data",
      requestsIn((head, body) => {
        nth += 1;
        const authorization = /^authorization: *(.*)$/im.exec(head)?.[1];
        const request = { head, body, authorization, connection, nth };
        asked.push(request);
        peer.behave(wire, request);
      }),
    );
  };

  const numbers = new Map<number | undefined, number>();
  const server = createTcpServer((socket) => {
    connections += 1;
    numbers.set(socket.remotePort, connections);
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    // Without reading, the end of the other side would go unnoticed.
    if (greeting === "mute") socket.resume();
    if (greeting === "tls") tlsServer.emit("connection", socket);
    if (greeting === "reset") socket.resetAndDestroy();
    if (greeting === "plain") socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
  });
  tlsServer.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  const peer: FaultyPeer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    behave,
    connections: () => connections,
    open: () => sockets.size,
    resetAll: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return peer;
};

/** The bytes of a reply after which the connection is kept alive. */
export const replyOf = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): string => {
  const all = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n${body}`;
};

/** The SubjectAccessReview that was asked, with a status, as an API server answers it. */
export const reviewedBody = ({ body }: Asked, status: unknown): string =>
  JSON.stringify({ ...JSON.parse(body), metadata: {}, status });
