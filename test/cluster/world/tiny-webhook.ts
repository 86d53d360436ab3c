import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";

/** An HTTPS server on the loopback interface that answers every POST with JSON. */
export interface TinyWebhook {
  readonly url: string;
  /** The PEM text of the CA that a caller must trust. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

/** @param answer gets the request's path with its query, and the text of its body; returns the text of the answer */
export const startTinyWebhook = async (
  answer: (path: string, body: string) => string | Promise<string>,
  port = 0,
): Promise<TinyWebhook> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const text = await answer(request.url ?? "/", Buffer.concat(chunks).toString("utf8"));
      response.writeHead(200, { "content-type": "application/json" }).end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
};
