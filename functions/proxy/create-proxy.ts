import { type IncomingMessage, ServerResponse, STATUS_CODES } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isProblem } from "../../lib/meta/index.ts";
import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import type { HeaderLine } from "../../lib/proxy/index.ts";
import { peerCertificateOf } from "../certificates/peer-certificate.ts";
import { linger } from "../net/linger.ts";
import type { TokenIssuers } from "../oidc/open-token-issuers.ts";
import type { Arrival } from "./admit.ts";
import { type ClientReply, clientReplyOf } from "./client-reply.ts";
import { clientHasLeft, type Ended, forward } from "./forward.ts";
import { forwardUpgrade } from "./forward-upgrade.ts";
import { handleRequest } from "./handle-request.ts";
import { type InFlightLimits, inFlight, type OnLoad, usualLimits } from "./in-flight.ts";
import type { RequestLog } from "./log-entries.ts";
import { refuse } from "./refuse.ts";
import type { ProxiedClusters } from "./route.ts";
import { upgradeProtocolOf } from "./upgrade-protocol.ts";

export interface ProxyOptions {
  readonly clusters: ProxiedClusters;
  /** Whose tokens count besides those of the clusters. */
  readonly issuers?: TokenIssuers | undefined;
  readonly log: RequestLog;
  readonly limits?: InFlightLimits;
  /** Milliseconds that a request may take at most, if it is not long-running. 60 s where absent. */
  readonly mostMilliseconds?: number;
  readonly onLoad?: OnLoad | undefined;
}

/** The listeners of a server that speaks HTTP/2 and HTTP/1.1. */
export interface ProxyListeners {
  readonly onRequest: (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => void;
  /** An HTTP/1.1 request that wants another protocol on its connection. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** CONNECT, which over HTTP/1.1 has no response of its own. */
  readonly onConnect: (request: IncomingMessage | Http2ServerRequest, socket: Duplex | Http2ServerResponse) => void;
  /** Bytes that are no HTTP/1.1 request. */
  readonly onClientError: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

/** The impersonating proxy. */
export function createProxy(options: ProxyOptions): ProxyListeners {
  const { clusters, issuers, log, limits = usualLimits, mostMilliseconds = 60_000, onLoad } = options;
  const handling = { clusters, issuers, enter: inFlight(limits, onLoad), mostMilliseconds, log };

  const refuseWith =
    (reply: () => ClientReply) =>
    (refusal: StatusObject): Ended => {
      const bytes = refuse(reply(), refusal);
      return { status: refusal.code, bytes, reason: refusal.message };
    };

  const onRequest: ProxyListeners["onRequest"] = (request, response) => {
    const reply = clientReplyOf(response);
    const closed = new AbortController();
    reply.onClose(() => closed.abort());
    const refused = (refusal: StatusObject): Ended => {
      if (closed.signal.aborted) return clientHasLeft;
      if (reply.hasResponded()) {
        reply.cut();
        return { status: 0, bytes: 0 };
      }
      return refuseWith(() => reply)(refusal);
    };
    void handleRequest(arrivalOf(request), handling, refused, async (admitted) => {
      if (closed.signal.aborted) return clientHasLeft;
      return forward(admitted, hasBody(request) ? request : undefined, reply);
    }).catch(() => reply.cut());
  };

  const onUpgrade: ProxyListeners["onUpgrade"] = (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if ("setNoDelay" in socket) (socket as Socket).setNoDelay(true).setTimeout(0);
    const takeReply = () => {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.once("finish", () => {
        response.detachSocket(socket as Socket);
        linger(socket);
      });
      return { reply: clientReplyOf(response), response };
    };
    const refused = (refusal: StatusObject): Ended => {
      if (socket.destroyed) return clientHasLeft;
      return refuseWith(() => takeReply().reply)(refusal);
    };
    const arrival = arrivalOf(request);
    const protocol = upgradeProtocolOf(arrival.lines);
    if (isProblem(protocol)) {
      const ended = refused(statusObject(400, protocol.problem));
      log({
        ...{ event: "request", time: new Date().toISOString(), peer: arrival.peer },
        ...{ decision: "refused", ...ended, refusal: "malformed", milliseconds: 0 },
      });
      return;
    }
    void handleRequest({ ...arrival, upgrade: protocol }, handling, refused, (admitted) =>
      forwardUpgrade(admitted, protocol, { socket, head, takeReply }),
    ).catch(() => socket.destroy());
  };

  const onConnect: ProxyListeners["onConnect"] = (request, target) => {
    if ("stream" in target) {
      refuse(clientReplyOf(target), connectRefusal);
      return;
    }
    const response = new ServerResponse(request as IncomingMessage);
    response.shouldKeepAlive = false;
    response.assignSocket(target as Socket);
    response.once("finish", () => {
      response.detachSocket(target as Socket);
      linger(target as Socket);
    });
    refuse(clientReplyOf(response), connectRefusal);
  };

  const onClientError: ProxyListeners["onClientError"] = ({ code }, socket) => {
    if (!socket.writable || code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [status, message] = clientErrors[code ?? ""] ?? [400, "the request is not HTTP/1.1"];
    const refusal = statusObject(status, message);
    const body = JSON.stringify(refusal);
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    const line = `HTTP/1.1 ${refusal.code} ${STATUS_CODES[refusal.code]}`;
    socket.write(`${line}\r\n${headers}\r\n\r\n${body}`);
    linger(socket);
  };

  return { onRequest, onUpgrade, onConnect, onClientError };
}

const clientErrors: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "the headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the headers did not arrive in time"],
};

const connectRefusal = statusObject(400, "CONNECT is not served");

const arrivalOf = (request: IncomingMessage | Http2ServerRequest): Arrival => {
  const { rawHeaders } = request;
  const lines = rawHeaders.flatMap((name, at): HeaderLine[] =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""]] : [],
  );
  const certificate = peerCertificateOf(request);
  const address = request.socket.remoteAddress ?? "";
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    lines,
    peer: address.replace(/^::ffff:(?=\d+\.)/, ""),
    ...(certificate && { certificate }),
  };
};

const hasBody = (source: IncomingMessage | Http2ServerRequest): boolean => {
  if ("stream" in source) return !source.stream.endAfterHeaders;
  const { "transfer-encoding": coding, "content-length": length = "0" } = source.headers;
  return coding !== undefined || length !== "0";
};
