import { Writable } from "node:stream";
import type { ClientReply } from "../proxy/client-reply.ts";

/** The part of a Lambda response stream that is used here. The runtime hands over an object with these methods, not a stream. */
export interface LambdaStream {
  readonly write: (chunk: Uint8Array | string) => boolean;
  readonly end: (done: () => void) => unknown;
  readonly once: (event: "drain", listener: () => void) => unknown;
}

/** The part of an answer that a gateway reads before its body. */
export interface Prelude {
  readonly statusCode: number;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
}

export interface LambdaReply extends ClientReply {
  /** Whether the answer had to be broken off: the handler must throw, which is how the gateway learns of it. */
  readonly isCut: () => boolean;
  /** Resolves when all of the answer is on its way, or when it was cut. */
  readonly closed: Promise<void>;
}

/**
 * The answer that a Lambda response stream stands for. That stream is never destroyed, because that would end the instance. Trailers of the
 * API server are dropped: those of the stream belong to the runtime.
 *
 * @param begin `HttpResponseStream.from` of the runtime
 */
export function lambdaReply(out: LambdaStream, begin: (prelude: Prelude) => void): LambdaReply {
  let hasResponded = false;
  let isCut = false;
  const closed = Promise.withResolvers<void>();
  const body = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (out.write(chunk)) done();
      else out.once("drain", () => done());
    },
    final: (done) => {
      out.end(() => done());
    },
  });
  body.once("close", () => closed.resolve());
  return {
    respond: (status, headers) => {
      hasResponded = true;
      begin({ statusCode: status, multiValueHeaders: valuesByName(headers) });
      // The prelude is sent at the first write; an answer without a body has no other.
      out.write("");
    },
    body,
    gather: () => {},
    addTrailers: () => true,
    cut: () => {
      isCut = true;
      body.destroy();
    },
    hasResponded: () => hasResponded,
    onClose: (listener) => body.once("close", listener),
    isCut: () => isCut,
    closed: closed.promise,
  };
}

/** @param headers names and values, in turn */
const valuesByName = (headers: readonly string[]): Readonly<Record<string, readonly string[]>> => {
  const lists = new Map<string, string[]>();
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name = "", value = ""] = headers.slice(at, at + 2);
    const key = name.toLowerCase();
    lists.set(key, [...(lists.get(key) ?? []), value]);
  }
  return Object.fromEntries(lists);
};
