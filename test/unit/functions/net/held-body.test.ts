import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { holdBody } from "../../../../functions/net/held-body.ts";

const textOf = async (stream: PassThrough): Promise<string> => {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
};

test("a body is sent from its beginning again", async () => {
  const source = new PassThrough();
  const body = holdBody(source);
  const [first, second] = [new PassThrough(), new PassThrough()];
  source.write("one ");
  body.sendTo(first);
  await once(first, "data");
  expect(body.isRepeatable()).toBe(true);
  body.sendTo(second);
  source.end("two");
  expect(await textOf(second)).toBe("one two");
  expect(first.writableEnded).toBe(false);
});

test("a body that has ended is sent again as a whole", async () => {
  const source = new PassThrough();
  const body = holdBody(source);
  const first = new PassThrough();
  body.sendTo(first);
  source.end("all");
  expect(await textOf(first)).toBe("all");
  const second = new PassThrough();
  body.sendTo(second);
  expect(await textOf(second)).toBe("all");
});

test("a body that is too large, or released, cannot be sent again", async () => {
  const source = new PassThrough();
  const body = holdBody(source, 3);
  body.sendTo(new PassThrough().resume());
  source.write("abc");
  await turn();
  expect(body.isRepeatable()).toBe(true);
  source.write("d");
  await turn();
  expect(body.isRepeatable()).toBe(false);
  const other = holdBody(new PassThrough());
  other.release();
  expect(other.isRepeatable()).toBe(false);
});

test("a body is read no faster than it is sent", async () => {
  const source = new PassThrough({ highWaterMark: 10 });
  const target = new PassThrough({ highWaterMark: 10 });
  holdBody(source).sendTo(target);
  let written = 0;
  while (written < 1_000 && source.write("0123456789")) {
    written += 10;
    await turn();
  }
  expect(written).toBeLessThan(100);
  source.end();
  expect((await textOf(target)).length).toBeGreaterThanOrEqual(written);
});

test("a target that has ended gets no more of a body", async () => {
  const source = new PassThrough();
  const target = new PassThrough();
  const errors: unknown[] = [];
  target.on("error", (error) => errors.push(error));
  holdBody(source).sendTo(target);
  target.end();
  source.write("late");
  source.end();
  await once(source, "end");
  await turn();
  expect(errors).toEqual([]);
  expect(await textOf(target)).toBe("");
});

test("the rest of a body that is not sent any more is thrown away, whatever its target takes", async () => {
  const source = new PassThrough({ highWaterMark: 1 });
  const target = new PassThrough({ highWaterMark: 1 });
  const body = holdBody(source);
  body.sendTo(target);
  source.write("as much as the target takes");
  await turn();
  expect(source.isPaused()).toBe(true);
  body.discard();
  source.write("the rest");
  source.end();
  await once(source, "end");
  target.end();
  expect(await textOf(target)).toBe("as much as the target takes");
});
