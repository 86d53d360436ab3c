import type { Readable, Writable } from "node:stream";

/** The body of a request on its way, of which the beginning is held so that it can be sent again. */
export interface HeldBody {
  /** Sends the body, from its beginning, to this place and no longer to the one before. */
  readonly sendTo: (target: Writable) => void;
  /** Whether all that was read so far is still held, so that it could be sent again. */
  readonly isRepeatable: () => boolean;
  /** Forgets what is held: the body will not be sent again. */
  readonly release: () => void;
  /** Reads the rest and throws it away: the body is not sent any more. */
  readonly discard: () => void;
}

const megabyte = 1024 * 1024;

/** Reads a body only as fast as it is sent. A body that ends early ends its target with an error, never as if it were complete. */
export function holdBody(source: Readable, mostBytes = megabyte): HeldBody {
  let held: Buffer[] | undefined = [];
  let size = 0;
  let target: Writable | undefined;
  source.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > mostBytes) held = undefined;
    held?.push(chunk);
    // A target that was reset has ended. Node's HTTP/2 streams never close after a write behind their end.
    if (target?.writableEnded === false && !target.write(chunk)) source.pause();
  });
  source.on("end", () => target?.end());
  source.on("error", (error) => target?.destroy(error));
  source.pause();
  return {
    sendTo: (next) => {
      target = next;
      for (const chunk of held ?? []) next.write(chunk);
      next.on("drain", () => {
        if (target === next) source.resume();
      });
      if (source.readableEnded) next.end();
      else source.resume();
    },
    isRepeatable: () => held !== undefined,
    release: () => {
      held = undefined;
    },
    discard: () => {
      [held, target] = [undefined, undefined];
      source.resume();
    },
  };
}
