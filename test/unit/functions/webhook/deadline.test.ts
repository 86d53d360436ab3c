import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deadlineOf } from "../../../../functions/webhook/deadline.ts";

const now = 1_800_000_000_000;
const ages = 60 * 60 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ now });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the API server's timeout, less a second for the way back", () => {
  test.each<[string | undefined, number]>([
    ["2s", 1_000],
    ["3s", 2_000],
    ["5s", 4_000],
    ["10s", 9_000],
    ["30s", 29_000],
    ["1m", 59_000],
    ["1m0s", 59_000],
    ["1m30s", 89_000],
  ])("%s leaves %i ms", (timeout, milliseconds) => {
    expect(deadlineOf(now, timeout, ages)).toBe(now + milliseconds);
  });

  test("1s leaves half of it", () => {
    expect(deadlineOf(now, "1s", ages)).toBe(now + 500);
  });

  test("0s leaves nothing", () => {
    expect(deadlineOf(now, "0s", ages)).toBe(now);
  });

  test.each([
    undefined,
    "",
    "s",
    "m",
    "5",
    "5S",
    " 5s",
    "-5s",
    "1.5s",
    "700ms",
    "1h",
    "1s1m",
    "999s",
    "5s,7s",
    "Infinity",
  ])("%j is not a timeout of an API server: its default of ten seconds counts", (timeout) => {
    expect(deadlineOf(now, timeout, ages)).toBe(now + 9_000);
  });
});

describe("counted from when the gateway received the request", () => {
  test("a call that took long to arrive has less time", () => {
    expect(deadlineOf(now - 3_000, "5s", ages)).toBe(now + 1_000);
  });

  test("a call that took too long to arrive has none", () => {
    expect(deadlineOf(now - 6_000, "5s", ages)).toBeLessThan(now);
  });
});

describe("limited by the function's own end", () => {
  test.each([
    ["30s", 15_000, 14_700],
    ["10s", 2_000, 1_700],
    ["10s", 9_301, 9_000],
    ["5s", 300, 0],
    ["5s", 100, -200],
  ])("%s, and %i ms remaining, leave %i ms", (timeout, remaining, milliseconds) => {
    expect(deadlineOf(now, timeout, remaining)).toBe(now + milliseconds);
  });

  test("which is counted from now, not from when the gateway received the request", () => {
    expect(deadlineOf(now - 5_000, "30s", 2_000)).toBe(now + 1_700);
  });
});
