import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { certificatesFrom, newAuthority } from "../../infra/local/certificates.ts";
import { type Deployment, type Instance, startInstance } from "./instance.ts";

/**
 * A small part of API Gateway: a regional REST API at the stage `v1`, with the route `/k8s/clusters/{proxy+}`, a Lambda proxy integration
 * that streams, and every media type as a binary one. It starts an instance for each request that comes while the others are busy, as Lambda
 * does. What it does is what AWS documents (API Gateway Developer Guide, "Stream the integration response for your proxy integrations").
 */
export interface StreamingGateway {
  /** Of the stage. */
  readonly url: string;
  readonly ca: string;
  /** Every instance that was started. */
  readonly instances: readonly Instance[];
  /** The instances that answer a request now. */
  readonly busy: () => number;
  /** The events so far. */
  readonly events: readonly { readonly path: string; readonly multiValueQueryStringParameters: unknown }[];
  readonly close: () => Promise<void>;
}

export interface GatewayOptions {
  /** Milliseconds that one invocation may take. */
  readonly timeout?: number;
  /** Whether headers of the connection arrive at the function. AWS does not document it. */
  readonly keepsUpgrade?: boolean;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const stage = "/v1";
const route = `${stage}/k8s/clusters/`;
const delimiter = Buffer.alloc(8);
/** The prelude must end within so many bytes. */
const mostPrelude = 16 * 1024;
const ofTheConnection = /^(connection|upgrade|keep-alive|proxy-connection|te|transfer-encoding)$/i;

export const startStreamingGateway = async (
  deployment: Deployment,
  { timeout = 900_000, keepsUpgrade = false }: GatewayOptions = {},
): Promise<StreamingGateway> => {
  const instances: Instance[] = [];
  const free: Instance[] = [];
  const events: ReturnType<typeof eventOf>[] = [];

  const handle = async (request: Request, response: Response): Promise<void> => {
    response.on("error", () => {});
    const [path = ""] = (request.url ?? "").split("?");
    if (!path.startsWith(route) || path === route) return json(response, 403, "Missing Authentication Token");
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const event = eventOf(request, Buffer.concat(chunks), keepsUpgrade);
    events.push(event);
    let instance = free.pop();
    if (instance === undefined) {
      instance = await startInstance(deployment);
      instances.push(instance);
    }
    await instance.stream(event, (answer) => passOn(answer, response), timeout);
    free.push(instance);
  };

  const hosts = ["localhost", "127.0.0.1"];
  const { ca, cert, key } = await certificatesFrom(await newAuthority(), { hosts });
  const server = createSecureServer({ cert, key, allowHTTP1: true, strictSingleValueFields: false } as object);
  server.on("request", (request, response) => {
    handle(request, response).catch(() => json(response, 502, "Internal server error"));
  });
  server.on("session", (session) => session.on("error", () => {}));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}${stage}`,
    ca,
    instances,
    busy: () => instances.length - free.length,
    events,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(instances.map(({ stop }) => stop()));
    },
  };
};

/** The event of payload 1.0: the path as it was sent, the query decoded. */
const eventOf = (request: Request, body: Buffer, keepsUpgrade: boolean) => {
  const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s);
  const headers = new Map<string, string[]>();
  const add = (name: string, value: string) => headers.set(name, [...(headers.get(name) ?? []), value]);
  const raw = request.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = "", value = ""] = raw.slice(at, at + 2);
    if (name === ":authority") add("Host", value);
    else if (!name.startsWith(":") && (keepsUpgrade || !ofTheConnection.test(name))) add(name, value);
  }
  const sourceIp = request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  add("X-Forwarded-For", sourceIp);
  add("X-Forwarded-Proto", "https");
  add("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793");
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query))
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  const lists = Object.fromEntries(parameters);
  const last = (all: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.at(-1)]));
  const lines = Object.fromEntries(headers);
  return {
    resource: "/k8s/clusters/{proxy+}",
    path: path.slice(stage.length),
    httpMethod: request.method ?? "",
    headers: last(lines),
    multiValueHeaders: lines,
    queryStringParameters: parameters.size > 0 ? last(lists) : null,
    multiValueQueryStringParameters: parameters.size > 0 ? lists : null,
    pathParameters: { proxy: path.slice(route.length) },
    stageVariables: null,
    requestContext: {
      ...{ stage: "v1", path, httpMethod: request.method, protocol: "HTTP/1.1", requestTimeEpoch: Date.now() },
      identity: { sourceIp, userAgent: "kubectl", clientCert: null },
    },
    body: body.length > 0 ? body.toString("base64") : null,
    isBase64Encoded: body.length > 0,
  };
};

const json = (response: Response, status: number, message: string): void => {
  if (response.headersSent) return;
  (response as ServerResponse).writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ message }));
};

/** Streams an answer of the runtime client: JSON, eight zero bytes, the body, and trailers where the handler threw. */
const passOn = (answer: IncomingMessage, response: Response): void => {
  let head: Buffer | undefined = Buffer.alloc(0);
  let isGone = false;
  response.once("close", () => {
    isGone = true;
    // The invocation goes on when its client has left.
    answer.resume();
  });
  const write = (chunk: Buffer): void => {
    if (isGone || chunk.length === 0) return;
    if (!(response as ServerResponse).write(chunk)) {
      answer.pause();
      response.once("drain", () => answer.resume());
    }
  };
  answer.on("data", (chunk: Buffer) => {
    if (head === undefined) return write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(delimiter);
    if (end < 0) {
      if (head.length > mostPrelude) answer.destroy();
      return;
    }
    const { statusCode, headers = {}, multiValueHeaders = {} } = JSON.parse(head.subarray(0, end).toString());
    const rest = head.subarray(end + delimiter.length);
    head = undefined;
    (response as ServerResponse).writeHead(statusCode, { ...headers, ...multiValueHeaders });
    (response as ServerResponse).flushHeaders?.();
    write(rest);
  });
  answer.once("end", () => {
    const isFailed = answer.trailers["lambda-runtime-function-error-type"] !== undefined;
    if (head !== undefined) json(response, 502, "Internal server error");
    else if (!isFailed) response.end();
    else if ("stream" in response) response.stream.destroy(new Error("the function failed"));
    else response.destroy();
  });
};
