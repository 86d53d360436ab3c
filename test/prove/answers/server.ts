import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";
import type { Reply } from "./row.ts";

/** The webhook of all rows. */
export interface AnswerServer {
  readonly url: string;
  /** The PEM text of the CA that a caller must trust. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts it on the loopback interface.
 *
 * @param answer from the request's path, without its query, and its body's text to what is sent back
 */
export const startAnswerServer = async (answer: (path: string, body: string) => Reply): Promise<AnswerServer> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = (request.url ?? "/").replace(/\?.*/, "");
    let reply: Reply;
    try {
      reply = answer(path, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      reply = { status: 500, headers: { "content-type": "text/plain" }, body: String(error) };
    }
    const { status = 200, headers = { "content-type": "application/json" }, body = "", raw, afterMilliseconds } = reply;
    if (afterMilliseconds !== undefined) await sleep(afterMilliseconds);
    if (raw !== undefined) request.socket.end(raw);
    else response.writeHead(status, headers).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
