import { expect, test, vi } from "vitest";
import { briefCache } from "../../../../functions/net/brief-cache.ts";

const cacheAt = (clock: { now: number }) =>
  briefCache<string>({ milliseconds: 10, most: 2, isKept: (value) => value !== "unsure", now: () => clock.now });

test("a value is kept for its time and not longer", async () => {
  const clock = { now: 0 };
  const cache = cacheAt(clock);
  const lookUp = vi.fn(async () => "yes");
  await cache("a", lookUp);
  clock.now = 9;
  expect(await cache("a", lookUp)).toBe("yes");
  expect(lookUp).toHaveBeenCalledTimes(1);
  clock.now = 10;
  await cache("a", lookUp);
  expect(lookUp).toHaveBeenCalledTimes(2);
});

test("a value that may not be kept, and a failure, are looked up again", async () => {
  const cache = cacheAt({ now: 0 });
  const unsure = vi.fn(async () => "unsure");
  await cache("a", unsure);
  await cache("a", unsure);
  expect(unsure).toHaveBeenCalledTimes(2);
  const fails = vi.fn(() => Promise.reject(new Error("down")));
  await expect(cache("b", fails)).rejects.toThrow("down");
  await expect(cache("b", fails)).rejects.toThrow("down");
  expect(fails).toHaveBeenCalledTimes(2);
});

test("the oldest value makes room", async () => {
  const cache = cacheAt({ now: 0 });
  const lookUp = vi.fn(async () => "yes");
  for (const key of ["a", "b", "c", "b", "c", "a"]) await cache(key, lookUp);
  expect(lookUp).toHaveBeenCalledTimes(4);
});

test("look-ups of one key at the same time are one", async () => {
  const cache = cacheAt({ now: 0 });
  const lookUp = vi.fn(async () => "yes");
  expect(await Promise.all([cache("a", lookUp), cache("a", lookUp)])).toEqual(["yes", "yes"]);
  expect(lookUp).toHaveBeenCalledTimes(1);
});
