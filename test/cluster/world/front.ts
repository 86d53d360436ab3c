import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";
import type { ControlPlane } from "../control-plane.ts";

/** A server between a command and the API server, which sees every request and may answer in its place. */
export interface Front {
  readonly url: string;
  readonly ca: string;
  /** The paths and queries of all requests so far. */
  readonly requests: string[];
  /** An answer instead of the API server's. */
  answer: (path: string) => { readonly status: number; readonly body: object } | undefined;
  readonly stop: () => Promise<void>;
}

export const startFront = async ({ connection: { url, caPem } }: ControlPlane): Promise<Front> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const requests: string[] = [];
  const server = createServer({ cert, key }, (incoming, response) => {
    const { method = "GET", url: path = "/", headers } = incoming;
    requests.push(path);
    const own = front.answer(path);
    if (own) {
      response.writeHead(own.status, { "content-type": "application/json" }).end(JSON.stringify(own.body));
      return;
    }
    const onward = request(new URL(path, url), { method, headers, ca: caPem }, (reply) => {
      response.writeHead(reply.statusCode ?? 0, reply.headers);
      reply.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const front: Front = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    requests,
    answer: () => undefined,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
  return front;
};
