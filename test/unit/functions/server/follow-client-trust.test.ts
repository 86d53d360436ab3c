import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClientTrust } from "../../../../functions/certificates/client-trust.ts";
import { followClientTrust } from "../../../../functions/server/follow-client-trust.ts";
import type { ServerEntry } from "../../../../functions/server/log-entries.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const trust = (): ClientTrust => ({ cluster: { clientCas: [] }, own: { cas: [], allowedNames: new Set() } });

/** A cluster whose trust and problem a test sets. */
const cluster = (name: string) => {
  const one = { trust: trust(), problem: undefined as string | undefined, read: 0 };
  return {
    one,
    name,
    clientTrust: () => one.trust,
    refreshTrust: async () => {
      one.read += 1;
      return one.problem;
    },
  };
};

const seconds = (count: number) => vi.advanceTimersByTimeAsync(1_000 * count);

/** Follows clusters that a test sets, with the usual times. */
const following = (...first: readonly ReturnType<typeof cluster>[]) => {
  const entries: ServerEntry[] = [];
  const changed = vi.fn();
  const set = { all: first, entries, changed, end: () => {} };
  set.end = followClientTrust(
    () => set.all,
    (entry) => entries.push(entry),
    changed,
  );
  return set;
};

test("a change at any cluster is told once, and so are a new and a lost cluster", async () => {
  const [a, b] = [cluster("a"), cluster("b")];
  const set = following(a);
  await seconds(120);
  expect(set.changed).not.toHaveBeenCalled();
  a.one.trust = trust();
  await seconds(10);
  expect(set.changed).toHaveBeenCalledTimes(1);
  set.all = [a, b];
  await seconds(10);
  expect(set.changed).toHaveBeenCalledTimes(2);
  set.all = [b];
  await seconds(10);
  expect(set.changed).toHaveBeenCalledTimes(3);
  expect(set.entries).toEqual([]);
  set.end();
});

test("a cluster is read every minute, a new one at once", async () => {
  const [a, b] = [cluster("a"), cluster("b")];
  const set = following(a);
  await seconds(30);
  expect(a.one.read).toBe(1);
  set.all = [a, b];
  await seconds(10);
  expect([a.one.read, b.one.read]).toEqual([1, 1]);
  await seconds(60);
  expect([a.one.read, b.one.read]).toEqual([2, 2]);
  set.end();
  await seconds(120);
  expect([a.one.read, b.one.read]).toEqual([2, 2]);
});

test("what goes wrong after the start is logged once, and that it is over", async () => {
  const [a, b] = [cluster("a"), cluster("b")];
  b.one.problem = "known from the start";
  const set = following(a, b);
  await seconds(10);
  a.one.problem = "it cannot be read";
  await seconds(200);
  a.one.problem = undefined;
  await seconds(200);
  set.end();
  const what = 'the client CAs of cluster "a"';
  expect(set.entries).toEqual([
    { event: "reload", what, problem: "it cannot be read" },
    { event: "reload", what },
  ]);
});
