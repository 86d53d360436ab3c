import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { lambdaReply, type Prelude } from "../../../../functions/streaming/lambda-reply.ts";

/** A response stream that takes nothing more until it is drained. */
const slowStream = () => {
  const written: string[] = [];
  let drain = () => {};
  return {
    written,
    drain: () => drain(),
    out: {
      write: (chunk: Uint8Array | string) => {
        written.push(String(chunk));
        return chunk.length === 0;
      },
      end: (done: () => void) => {
        written.push("END");
        done();
      },
      once: (_event: "drain", listener: () => void) => {
        drain = listener;
      },
    },
  };
};

test("an answer without a body sends its prelude, with repeated headers under one name", async () => {
  const { out, written } = slowStream();
  const preludes: Prelude[] = [];
  const reply = lambdaReply(out, (prelude) => preludes.push(prelude));
  reply.respond(304, ["ETag", '"1"', "warning", "a", "Warning", "b"]);
  expect([reply.hasResponded(), written]).toEqual([true, [""]]);
  reply.body.end();
  await reply.closed;
  expect(preludes).toEqual([{ statusCode: 304, multiValueHeaders: { etag: ['"1"'], warning: ["a", "b"] } }]);
  expect([written, reply.isCut()]).toEqual([["", "END"], false]);
});

test("the next piece waits until the stream has drained", async () => {
  const { out, written, drain } = slowStream();
  const reply = lambdaReply(out, () => {});
  reply.respond(200, []);
  reply.body.write("one");
  reply.body.write("two");
  await turn();
  expect(written).toEqual(["", "one"]);
  drain();
  await turn();
  expect(written).toEqual(["", "one", "two"]);
});

test("an answer that is cut does not end its stream", async () => {
  const { out, written } = slowStream();
  const reply = lambdaReply(out, () => {});
  reply.respond(200, []);
  reply.body.write("half");
  reply.cut();
  await reply.closed;
  expect([written, reply.isCut()]).toEqual([["", "half"], true]);
});
