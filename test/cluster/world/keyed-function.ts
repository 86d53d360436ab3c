import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";
import { serve } from "../../../infra/local/serve.ts";

/** The function behind a URL with a key, as behind a gateway. A test sets its faults. */
export interface KeyedFunction {
  /** `https://127.0.0.1:PORT/clusters/prod/KEY`. */
  readonly url: string;
  readonly key: string;
  readonly ca: string;
  /** The added delay of a call that is judged, and of one that is not, in milliseconds. */
  delay: number;
  livezDelay: number;
  /** Whether the function knows the key. */
  known: boolean;
  /** Connects it to another function: of another policy, say. */
  target: { readonly url: string; readonly ca: string | undefined };
  readonly stop: () => Promise<void>;
}

interface Passed {
  readonly status: number;
  readonly text: string;
}

const pass = (url: string, ca: string | undefined, method: string, body: Buffer): Promise<Passed> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const outgoing = request(url, { method, headers, ...(ca ? { ca } : {}) }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject).end(body);
  });

/** A key as `npm run key` makes them. */
const key = "Zm9yLXRlc3RzLW9ubHktYW5kLW5vdC1hLXNlY3JldA";

/** Serves the function for a policy, its questions answered by the cluster of a kubeconfig. */
export const startKeyedFunction = async (kubeconfig: string, policy?: string): Promise<KeyedFunction> => {
  const served = await serve({ kubeconfig, policy, log: () => {} });
  const { ca, cert, key: privateKey } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const notFound: Passed = { status: 404, text: '{"message":"Not Found"}' };
  const server = createServer({ cert, key: privateKey }, async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const path = incoming.url ?? "/";
    await sleep(path.startsWith("/livez") ? it.livezDelay : it.delay);
    const keyed = it.known && path.startsWith(`/clusters/prod/${key}/`);
    const to = path.startsWith("/livez") ? path : keyed ? path.slice(`/clusters/prod/${key}`.length) : undefined;
    const { status, text } =
      to === undefined
        ? notFound
        : await pass(`${it.target.url}${to}`, it.target.ca, incoming.method ?? "GET", Buffer.concat(chunks)).catch(
            () => ({ status: 502, text: '{"message":"Bad Gateway"}' }),
          );
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const it: KeyedFunction = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/clusters/prod/${key}`,
    key,
    ca,
    delay: 0,
    livezDelay: 0,
    known: true,
    target: served,
    stop: async () => {
      await new Promise<void>((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      });
      await served.close();
    },
  };
  return it;
};
