import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { HeaderLine } from "../../lib/meta/header-line.ts";
import type { HttpRequest } from "../gateway/read-event.ts";
import { framesOf } from "../telemetry/frames.ts";
import { type Dependencies, failure, isOfKnownCaller, respond } from "../webhook/respond.ts";

/** More than a review may have, so that a larger one is refused in words. */
const mostBytes = 8 * 1024 * 1024;
/** Longer than the API server waits for a webhook, in milliseconds. */
const patience = 30_000;

/** Whether a target is the webhook's: it is never forwarded to an API server, whatever the method is. */
export function isWebhookTarget(target: string): boolean {
  return /^\/(clusters\/|mutate([/?]|$)|validate([/?]|$))/.test(target);
}

/** The listener of the webhook on a server that speaks HTTP/2 and HTTP/1.1. A body is read only where the caller's key is right. */
export function webhookDoor(dependencies: Dependencies) {
  const answer = async (request: IncomingMessage | Http2ServerRequest) => {
    const receivedAt = Date.now();
    const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s);
    const lines = request.rawHeaders.flatMap((name, at): HeaderLine[] =>
      at % 2 === 0 ? [[name, request.rawHeaders[at + 1] ?? ""]] : [],
    );
    let body = Buffer.alloc(0);
    const given: HttpRequest = {
      ...{ method: request.method ?? "", path, receivedAt },
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: lines,
      header: (wanted) => lines.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "",
      size: () => body.length,
      body: () => body.toString("utf8"),
    };
    await dependencies.registry.current?.(receivedAt + patience);
    if (isOfKnownCaller(dependencies, given)) body = await bodyOf(request);
    const response = await respond(dependencies, given, patience);
    if (response.status >= 400) dependencies.log({ event: "refused", status: response.status });
    return response;
  };

  return (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void => {
    response.on("error", () => {});
    answer(request)
      .catch((error: unknown) => {
        dependencies.log({ event: "fault", failure: "fault", fault: framesOf(error) });
        return failure(500, "the webhook failed; its log says why");
      })
      .then(({ status, json }) => {
        const text = JSON.stringify(json);
        response.statusCode = status;
        response.setHeader("content-type", "application/json");
        response.setHeader("cache-control", "no-store");
        response.setHeader("content-length", Buffer.byteLength(text));
        response.end(text);
      })
      .catch(() => request.socket.destroy());
  };
}

const bodyOf = async (request: IncomingMessage | Http2ServerRequest): Promise<Buffer<ArrayBuffer>> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
