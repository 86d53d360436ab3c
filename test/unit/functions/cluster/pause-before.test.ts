import { expect, test } from "vitest";
import { type Attempt, pauseBefore } from "../../../../functions/cluster/pause-before.ts";

const now = Date.parse("2030-01-01T00:00:00Z");
const busy: Attempt = { status: 429, retryAfter: undefined, repeats: 0, left: 9_000, random: 0, now };
const date = (seconds: number) => new Date(now + 1000 * seconds).toUTCString();

test.each<[string, Partial<Attempt>, number | undefined]>([
  ["429", {}, 100],
  ["429, with the most jitter", { random: 1 }, 300],
  ["500", { status: 500 }, 100],
  ["599", { status: 599 }, 100],
  ["200", { status: 200 }, undefined],
  ["302", { status: 302 }, undefined],
  ["401", { status: 401 }, undefined],
  ["404", { status: 404 }, undefined],
  ["409", { status: 409 }, undefined],
  ["a second time", { repeats: 1 }, undefined],
  ["Retry-After: 0", { retryAfter: "0" }, 100],
  ["Retry-After: 1", { retryAfter: "1" }, 1000],
  ["Retry-After: 1, with jitter", { retryAfter: "1", random: 0.5 }, 1100],
  ["Retry-After that just fits", { retryAfter: "2", left: 2_200 }, 2000],
  ["Retry-After that does not fit", { retryAfter: "2", left: 2_199 }, undefined],
  ["Retry-After of ages", { retryAfter: "9".repeat(400) }, undefined],
  ["Retry-After: -1", { retryAfter: "-1" }, 100],
  ["Retry-After: soon", { retryAfter: "soon" }, 100],
  ["Retry-After: a date", { retryAfter: date(3) }, 3000],
  ["Retry-After: a date that does not fit", { retryAfter: date(9) }, undefined],
  ["Retry-After: a date that is over", { retryAfter: date(-9) }, 100],
  ["time enough", { left: 300 }, 100],
  ["no time", { left: 299 }, undefined],
  ["no time for this much jitter", { left: 300, random: 0.1 }, undefined],
  ["none at all", { left: -1 }, undefined],
])("%s", (_, setback, pause) => {
  expect(pauseBefore({ ...busy, ...setback })).toBe(pause);
});
