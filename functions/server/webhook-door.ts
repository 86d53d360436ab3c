import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { HeaderLine } from "../../lib/meta/header-line.ts";
import type { HttpRequest } from "../gateway/read-event.ts";
import { within } from "../net/within.ts";
import { framesOf } from "../telemetry/frames.ts";
import { type Dependencies, failure, isOfKnownCaller, respond } from "../webhook/respond.ts";

/** More than a review may have, so that a larger one is refused in words. */
const mostBytes = 8 * 1024 * 1024;
/** Longer than the API server waits for a webhook, in milliseconds. */
const usualPatience = 30_000;

/** Whether a target is the webhook's: it is never forwarded to an API server, whatever the method is. */
export function isWebhookTarget(target: string): boolean {
  return /^\/(clusters\/|mutate([/?]|$)|validate([/?]|$))/.test(target);
}

/**
 * The listener of the webhook on a server that speaks HTTP/2 and HTTP/1.1. A body is read only where the caller's key is right.
 *
 * @param patience milliseconds for a body, and for an answer
 */
export function webhookDoor(dependencies: Dependencies, patience: number = usualPatience) {
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
    if (isOfKnownCaller(dependencies, given)) {
      const read = await bodyOf(request, patience);
      if (read === undefined) {
        dependencies.log({ event: "refused", status: 408 });
        return failure(408, `the body did not arrive within ${patience / 1000} seconds`);
      }
      body = read;
    }
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
        // The rest of a body that came too late is not read.
        if (status === 408) {
          if ("stream" in request)
            request.stream.once("finish", () => request.stream.close(constants.NGHTTP2_NO_ERROR));
          else response.setHeader("connection", "close");
        }
        response.end(text);
      })
      .catch(() => request.socket.destroy());
  };
}

/** Undefined where the body is not there in time. */
const bodyOf = async (
  request: IncomingMessage | Http2ServerRequest,
  milliseconds: number,
): Promise<Buffer<ArrayBuffer> | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  });
  const over = Promise.race([once(request, "end"), once(request, "close")]).catch(() => {});
  await within(milliseconds, over);
  return request.complete ? Buffer.concat(chunks) : undefined;
};
