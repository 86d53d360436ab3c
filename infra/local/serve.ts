import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { boundedJson } from "../../functions/telemetry/log-line.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import type { Log } from "../../functions/webhook/log-entries.ts";
import { loadBundle } from "../build/load-bundle.ts";
import { naming } from "../command-line/files.ts";
import { isLoopback } from "../command-line/guard-url.ts";
import { UsageError } from "../command-line/usage.ts";
import { type Authority, certificatesFrom, newAuthority } from "./certificates.ts";
import { type LocalOptions, localCluster } from "./local-cluster.ts";

export interface ServeOptions extends LocalOptions {
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  /** The name or address in the URL and in the certificate. Absent: localhost. On the loopback, other machines cannot connect. */
  readonly host?: string | undefined;
  /** The key in the URL where other machines can connect: without one, any caller could find out who may impersonate which user. */
  readonly key?: string | undefined;
  /** PEM. Absent: a certificate of `authority`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Absent: a throw-away CA. */
  readonly authority?: Authority | undefined;
  readonly log?: Log;
}

/** A running webhook. */
export interface LocalServer {
  /** `https://HOST:PORT`, or `https://HOST:PORT/clusters/local/KEY`; `/mutate` and `/validate` are added. */
  readonly url: string;
  /** The PEM of the CA, undefined where a certificate was given. */
  readonly ca: string | undefined;
  readonly close: () => Promise<void>;
}

/** The most bytes of a body that are kept. The limit of the handler is lower. */
const mostBytes = 8 * 1024 * 1024;

/** Longer than the 90 s for which kube-apiserver keeps an idle connection, so that it never sends on a closed one. */
const keepAliveTimeout = 120_000;

/** Serves the function as it would be deployed over HTTPS. On the loopback its routes need no key. */
export async function serve(options: ServeOptions): Promise<LocalServer> {
  const clusterOf = localCluster(options);
  const { host = "localhost", key = "" } = options;
  const isPrivate = isLoopback(host);
  if (!isPrivate && key === "") throw new UsageError(`${host} is reached by other machines, so its URL needs a key`);
  const hosts = [...new Set([host, "localhost", "127.0.0.1", "::1"])];
  const made = options.tls ? undefined : await certificatesFrom(options.authority ?? (await newAuthority()), { hosts });
  const server = naming("--tls-cert and --tls-key", () => createServer({ ...(options.tls ?? made), keepAliveTimeout }));
  const bundle = await loadBundle();
  const handler = bundle.createHandler({
    registry: {
      clusters: new Map(isPrivate ? [] : [["local", clusterOf(bundle, [hashOfKey(key)])]]),
      problems: [],
    },
    ...(isPrivate ? { local: clusterOf(bundle) } : {}),
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
  server.listen(options.port ?? 0, isPrivate ? host.replace(/^localhost\.?$/i, "127.0.0.1") : undefined);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot listen on port ${options.port} (${error.code}); give another --port`);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}${isPrivate ? "" : `/clusters/local/${key}`}`,
    ca: made?.ca,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/** The request as an HTTP API would forward it to the function. */
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
