import { expect, test } from "vitest";
import { progressOn } from "../../../../infra/report/progress.ts";

const streamOf = (isTTY: boolean) => {
  const written: string[] = [];
  return {
    written,
    stream: { isTTY, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream,
  };
};

test("off a terminal it says a line every five seconds, the first one after five", () => {
  let now = 1_000_000;
  const { written, stream } = streamOf(false);
  const progress = progressOn(stream, () => now);
  for (let page = 1; page <= 12; page++) {
    now += 1_000;
    progress.at(`page ${page}`);
    progress.clear();
  }
  expect(written).toEqual(["page 5\n", "page 10\n"]);
});

test("on a terminal it writes one line over, and takes it away", () => {
  let now = 1_000_000;
  const { written, stream } = streamOf(true);
  const progress = progressOn(stream, () => now);
  progress.at("page 1");
  progress.at("page 2");
  now += 100;
  progress.at("page 3");
  progress.clear();
  progress.clear();
  expect(written).toEqual(["\r\u001b[2Kpage 1", "\r\u001b[2Kpage 3", "\r\u001b[2K"]);
});
