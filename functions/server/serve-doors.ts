import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { PortCertificates } from "../certificates/port-certificates.ts";
import { linger } from "../net/linger.ts";
import { within } from "../net/within.ts";
import type { ProxyListeners } from "../proxy/create-proxy.ts";
import { isWebhookTarget, type webhookDoor } from "./webhook-door.ts";

/** The certificate of a server, PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/** The doors behind one port. */
export interface Doors {
  readonly proxy: ProxyListeners;
  /** Absent: its paths are the proxy's to answer. */
  readonly webhook?: ReturnType<typeof webhookDoor> | undefined;
  /** Absent: no client is asked for a certificate. */
  readonly clients?: PortCertificates | undefined;
}

export interface DoorServer {
  readonly port: number;
  /** Takes another certificate, or the same one, with the client CAs of now. Connections that are open keep the old ones. */
  readonly setTls: (tls?: ServerTls) => void;
  /** Takes no new request, waits so many milliseconds for those that are under way, then ends them. */
  readonly close: (drain: number) => Promise<void>;
}

const megabyte = 1024 * 1024;

const serverOptions: SecureServerOptions = {
  allowHTTP1: true,
  settings: {
    maxConcurrentStreams: 1_000,
    maxHeaderListSize: megabyte,
    initialWindowSize: megabyte,
    // Node takes the headers of a request in nine frames at most, so the size of a frame bounds them.
    maxFrameSize: megabyte / 4,
  },
  maxHeaderListPairs: 4_096,
  maxSessionMemory: 256,
};
/** Milliseconds between two looks for streams that are left over. */
const sweepEvery = 2_000;
/** A header that the API server sent twice goes on twice. */
const lenient = { strictSingleValueFields: false };

/**
 * Listens with HTTPS, HTTP/2 and HTTP/1.1 on one port. Throws for a certificate that cannot be used; rejects where the port cannot be
 * listened on.
 *
 * @param at the port, 0 for any free one, and the address; without one, every address
 */
export async function serveDoors(
  { proxy, webhook, clients }: Doors,
  tls: ServerTls,
  at: { readonly port: number; readonly host: string | undefined },
): Promise<DoorServer> {
  const server = createSecureServer({ ...serverOptions, ...lenient, ...tls, ...clients?.tlsOptions() });
  let material = tls;
  // Node reads it from the server for each HTTP/1.1 connection, and takes no such option here.
  Object.assign(server, {
    maxHeaderSize: megabyte,
    headersTimeout: 32_000,
    connectionsCheckingInterval: 5_000,
    requestTimeout: 0,
    keepAliveTimeout: 90_000,
  });
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Before the listener that begins to read requests.
  if (clients) server.prependListener("secureConnection", clients.onSecureConnection);
  server.on("secureConnection", (socket: TLSSocket) => {
    // HTTP/1.1 answers would wait 40 ms each.
    socket.setNoDelay(true);
    // Node calls it behind the last answer of an HTTP/1.1 connection.
    if (socket.alpnProtocol !== "h2") socket.destroySoon = () => linger(socket);
  });
  // Node keeps a stream that its client reset with NO_ERROR until the answer is sent, which is never.
  const streams = new Set<ServerHttp2Stream>();
  server.on("stream", (stream: ServerHttp2Stream) => {
    streams.add(stream);
    stream.once("close", () => streams.delete(stream));
  });
  const sweep = setInterval(() => {
    for (const stream of streams) if (stream.closed) stream.destroy();
  }, sweepEvery);
  sweep.unref();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  const onRequest = (
    request: IncomingMessage | Http2ServerRequest,
    response: Parameters<ProxyListeners["onRequest"]>[1],
  ) =>
    webhook && isWebhookTarget(request.url ?? "") ? webhook(request, response) : proxy.onRequest(request, response);
  server.on("request", onRequest as (request: Http2ServerRequest, response: Http2ServerResponse) => void);
  server.on("upgrade", proxy.onUpgrade);
  server.on("connect", proxy.onConnect);
  server.on("clientError", proxy.onClientError);
  server.listen(at.port, at.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    setTls: (changed = material) => {
      server.setSecureContext({ ...changed, ...clients?.tlsOptions() });
      material = changed;
    },
    close: async (drain) => {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.close();
      await within(drain, closed);
      for (const socket of sockets) socket.destroy();
      await closed;
      clearInterval(sweep);
    },
  };
}
