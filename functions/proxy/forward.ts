import { type ClientHttp2Stream, constants } from "node:http2";
import type { Readable } from "node:stream";
import { statusObject } from "../../lib/meta/status.ts";
import { type HeldBody, holdBody } from "../net/held-body.ts";
import type { Admitted } from "./admit.ts";
import { answerLines } from "./answer-lines.ts";
import type { ClientReply } from "./client-reply.ts";
import type { RequestEntry } from "./log-entries.ts";
import type { RefusalClass } from "./refusal-class.ts";
import { refuse } from "./refuse.ts";
import { upstreamFailure, upstreamFailureClass } from "./upstream-failure.ts";

/** What became of a request that was let through. */
export interface Ended {
  readonly status: number;
  readonly bytes: number;
  /** Absent where the whole answer was passed on. */
  readonly reason?: string;
  /** The class of the reason, where the answer is the proxy's own. */
  readonly refusal?: RefusalClass;
  readonly brokenOffBy?: BrokenOffBy;
}

type BrokenOffBy = NonNullable<RequestEntry["brokenOffBy"]>;

const mostRepeats = 4;

/**
 * Sends a request on to the API server over HTTP/2 and passes its answer back, both as fast as the other side takes them. A request that the
 * API server has not begun (REFUSED_STREAM) is sent again. An answer that breaks off is never passed on as a complete one. When one side
 * goes away, the other side's stream ends.
 *
 * @param source the body of the request; undefined where it has none
 */
export async function forward(
  { request, upstream, prefix, deadline, isProxied }: Admitted,
  source: Readable | undefined,
  reply: ClientReply,
): Promise<Ended> {
  let stream: ClientHttp2Stream | undefined;
  let isLate = false;
  let isGone = false;
  let isOver = false;
  const stop = () => {
    isOver = true;
    stream?.close(constants.NGHTTP2_CANCEL);
  };
  reply.onClose(() => {
    if (isOver) return;
    isGone = true;
    stop();
  });
  const timer =
    deadline === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          stop();
        }, deadline - Date.now());
  const failed = (reason: string, refusalClass: RefusalClass): Ended => {
    if (isGone) return clientHasLeft;
    const refusal = isLate
      ? statusObject(504, "Timeout: request did not complete within the allotted timeout")
      : statusObject(502, reason);
    return {
      ...{ status: refusal.code, bytes: refuse(reply, refusal), reason: refusal.message },
      refusal: isLate ? "timed-out" : refusalClass,
    };
  };
  const body = source && holdBody(source);
  try {
    for (let repeats = 0; ; repeats += 1) {
      stream = await upstream.open(request, { endStream: body === undefined, isWanted: () => !isOver });
      const hasEndStream = watchEndStream(stream);
      const answer = await answerOf(stream, body);
      if ("broken" in answer) {
        const isRefused = answer.broken === constants.NGHTTP2_REFUSED_STREAM;
        if (isRefused && repeats < mostRepeats && !isOver && (body?.isRepeatable() ?? true)) continue;
        return failed(
          `the API server ended the request without an answer (HTTP/2 code ${answer.broken})`,
          "unreachable",
        );
      }
      if (answer.status === 401 && request.credential.kind === "actor" && !isProxied) {
        stream.close(constants.NGHTTP2_CANCEL);
        const isRenewed = await upstream.renewActor().catch(() => false);
        if (isRenewed && repeats < mostRepeats && (body?.isRepeatable() ?? true)) continue;
        return failed("the API server refused the credential of the acting account", "actor-unusable");
      }
      body?.release();
      return await passOn(stream, answer, prefix, reply, hasEndStream, () =>
        isLate ? "deadline" : isGone ? "client" : "api-server",
      );
    }
  } catch (error) {
    if (reply.hasResponded()) {
      reply.cut();
      return { status: 0, bytes: 0, reason: upstreamFailure(error), brokenOffBy: "api-server" };
    }
    return failed(upstreamFailure(error), upstreamFailureClass(error));
  } finally {
    isOver = true;
    clearTimeout(timer);
    body?.discard();
    // The API server may answer before it has the whole body. Node would keep such a stream for as long as its connection.
    if (stream && !(stream.writableFinished && stream.readableEnded)) stream.destroy();
  }
}

/**
 * Whether the API server said that its answer is complete (END_STREAM). Node ends a stream in the same way when its connection breaks, and
 * when it is reset with NO_ERROR. Only the order differs: Node reads END_STREAM before the stream is closed.
 */
const watchEndStream = (stream: ClientHttp2Stream): (() => boolean) => {
  let hasEnded = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk === null && !stream.closed && stream.session?.destroyed === false) hasEnded = true;
    return push(chunk, encoding);
  };
  return () => hasEnded;
};

interface UpstreamAnswer {
  readonly status: number;
  /** Names and values, in turn. */
  readonly headers: readonly string[];
}

/** Sends the body and waits for status and headers; `broken` is the HTTP/2 code with which the stream ended without them. */
const answerOf = (
  stream: ClientHttp2Stream,
  body: HeldBody | undefined,
): Promise<UpstreamAnswer | { readonly broken: number }> =>
  new Promise((resolve) => {
    stream.on("error", () => {});
    stream.once("response", (headers, _flags, raw: readonly string[]) =>
      resolve({ status: Number(headers[":status"]), headers: raw }),
    );
    const broken = () => resolve({ broken: stream.rstCode });
    stream.once("close", broken);
    // Where it is reset with NO_ERROR, a stream is not closed before its body is sent, which is never. An answer that came first counts.
    stream.once("aborted", () => setImmediate(broken));
    body?.sendTo(stream);
  });

/** As much of an answer waits here for a client that is slower than the API server. */
const mostWaiting = 256 * 1024;
const breaks: Readonly<Record<BrokenOffBy, string>> = {
  client: "the client has left",
  "api-server": "the API server broke its answer off",
  deadline: "the request was not complete at its deadline",
};

/** What an answer that is not whole says of itself. */
export function breakBy(brokenOffBy: BrokenOffBy): Pick<Ended, "reason" | "brokenOffBy"> {
  return { reason: breaks[brokenOffBy], brokenOffBy };
}

export const clientHasLeft: Ended = { status: 0, bytes: 0, ...breakBy("client") };

const passOn = (
  stream: ClientHttp2Stream,
  { status, headers }: UpstreamAnswer,
  prefix: string,
  reply: ClientReply,
  hasEndStream: () => boolean,
  brokenOff: () => BrokenOffBy,
): Promise<Ended> =>
  new Promise((resolve) => {
    const { body } = reply;
    let bytes = 0;
    let isSettled = false;
    const settle = (isWhole: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      resolve({ status, bytes, ...(!isWhole && breakBy(brokenOff())) });
      if (isWhole) body.end();
      else reply.cut();
    };
    stream.on("trailers", (_headers, _flags, raw?: readonly string[]) => {
      if (!reply.addTrailers(raw ?? [])) settle(false);
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      reply.gather?.();
      if (!body.write(chunk) && body.writableLength > mostWaiting) stream.pause();
    });
    body.on("drain", () => stream.resume());
    stream.once("end", () => settle(stream.rstCode === constants.NGHTTP2_NO_ERROR && hasEndStream()));
    stream.once("close", () => settle(false));
    reply.respond(status, answerLines(headers, prefix));
  });
