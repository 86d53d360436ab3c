import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { boundedJson, type Log } from "../functions/telemetry/telemetry.ts";
import { loadBundle } from "./bundle.ts";
import { throwAwayCertificates } from "./certificates.ts";
import { type LocalOptions, localCluster, naming } from "./local-cluster.ts";
import { UsageError } from "./usage.ts";

export interface ServeOptions extends LocalOptions {
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  /** The name or address in the URL and in the certificate. Absent: localhost, and nothing else can connect. */
  readonly host?: string | undefined;
  /** PEM. Absent: a certificate of a throw-away CA. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly log?: Log;
}

/** A webhook that is being served. */
export interface Served {
  /** `https://HOST:PORT`, to which `/mutate` and `/validate` are added. */
  readonly url: string;
  /** The PEM of the throw-away CA, undefined where a certificate was given. */
  readonly ca: string | undefined;
  readonly close: () => Promise<void>;
}

/** The most that is read of a body; the handler refuses less. */
const mostBytes = 8 * 1024 * 1024;

/** Longer than the 90 s for which kube-apiserver keeps an idle connection, so that it is never the one that finds it closed. */
const keepAliveTimeout = 120_000;

/** Serves the function as it would be deployed over HTTPS, with the routes that need no key. */
export const serve = async (options: ServeOptions): Promise<Served> => {
  const clusterOf = localCluster(options);
  const host = options.host ?? "localhost";
  const made = options.tls
    ? undefined
    : await throwAwayCertificates({ hosts: [...new Set([host, "localhost", "127.0.0.1", "::1"])] });
  const server = naming("--tls-cert and --tls-key", () => createServer({ ...(options.tls ?? made), keepAliveTimeout }));
  const bundle = await loadBundle();
  const handler = bundle.createHandler({
    registry: { clusters: new Map(), problems: [] },
    local: clusterOf(bundle),
    log: options.log ?? ((entry) => console.error(boundedJson(entry))),
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const context = { getRemainingTimeInMillis: () => 30_000 } as Context;
    const result = (await handler(eventOf(request, body), context)) as APIGatewayProxyStructuredResultV2;
    response.writeHead(result.statusCode ?? 500, result.headers as Record<string, string>).end(result.body);
  };
  server.on("request", (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, options.host ? undefined : "127.0.0.1");
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`port ${options.port} cannot be listened on (${error.code}); give another --port`);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: made?.ca,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/** The request as an HTTP API would hand it to the function. */
const eventOf = (request: IncomingMessage, body: string): APIGatewayProxyEventV2 => {
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const method = request.method ?? "GET";
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    requestContext: { http: { method, path }, stage: "$default", timeEpoch: Date.now() },
    body,
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
};
