import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";

/** One request as it arrived. `connection` counts TLS connections from 1, `nth` the requests on this one. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly connection: number;
  readonly nth: number;
}

export type Reply = (seen: Seen, response: ServerResponse, socket: Socket) => void;

export interface Peer {
  readonly url: string;
  /** The CA, base64 of PEM, as `certificate-authority-data` wants it. */
  readonly caData: string;
  readonly seen: Seen[];
  reply: Reply;
  /** TLS connections so far, and those that are open. */
  readonly connections: () => number;
  readonly open: () => number;
  /** Ends a connection with a TCP reset, of which TLS knows nothing. */
  readonly reset: (socket: Socket) => void;
  /** Closes all open connections, busy or idle; new ones are accepted. */
  readonly hangUp: () => void;
  readonly close: () => Promise<void>;
}

const textOf = async (request: IncomingMessage) => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
};

/** Answers JSON. */
export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

/** Answers as kube-apiserver does: 201, and the review that was sent with a status. */
export const reviewed =
  (status: unknown): Reply =>
  (seen, response, socket) =>
    json(201, { ...JSON.parse(seen.body), status })(seen, response, socket);

/** A TLS server on 127.0.0.1 in the place of an API server, scripted by `reply`. */
export const startPeer = async (reply: Reply, options: ServerOptions = {}): Promise<Peer> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost", "127.0.0.1"] });
  const connections = new Map<Socket, { readonly number: number; requests: number }>();
  const server = createServer({ cert, key, keepAliveTimeout: 0, ...options }, async (request, response) => {
    const connection = connections.get(request.socket) ?? { number: 0, requests: 0 };
    connection.requests += 1;
    const { method = "", url = "", headers } = request;
    const body = await textOf(request);
    const seen = { method, url, headers, body, connection: connection.number, nth: connection.requests };
    peer.seen.push(seen);
    peer.reply(seen, response, request.socket);
  });
  const raw = new Map<number | undefined, Socket>();
  server.on("connection", (socket: Socket) => raw.set(socket.remotePort, socket));
  server.on("secureConnection", (socket) => connections.set(socket, { number: connections.size + 1, requests: 0 }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const peer: Peer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caData: Buffer.from(ca).toString("base64"),
    seen: [],
    reply,
    connections: () => connections.size,
    open: () => [...connections.keys()].filter(({ destroyed }) => !destroyed).length,
    reset: ({ remotePort }) => void raw.get(remotePort)?.resetAndDestroy(),
    hangUp: () => server.closeAllConnections(),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return peer;
};
