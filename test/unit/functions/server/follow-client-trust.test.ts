import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { ClientTrust } from "../../../../functions/certificates/client-trust.ts";
import { followClientTrust } from "../../../../functions/server/follow-client-trust.ts";
import type { ServerEntry } from "../../../../functions/server/log-entries.ts";

const trust = (): ClientTrust => ({ cluster: { clientCas: [] }, own: { cas: [], allowedNames: new Set() } });

/** A cluster whose trust and problem a test sets. */
const cluster = (name: string) => {
  const one = { name, trust: trust(), problem: undefined as string | undefined, read: 0 };
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

test("clusters are read, and a change at any of them is told once", async () => {
  const [a, b] = [cluster("a"), cluster("b")];
  let all = [a];
  const changed = vi.fn();
  const entries: ServerEntry[] = [];
  const look = () => sleep(30);
  const end = followClientTrust(
    () => all,
    (entry) => entries.push(entry),
    changed,
    { pause: 5 },
  );
  await look();
  expect(a.one.read).toBeGreaterThan(1);
  expect(changed).not.toHaveBeenCalled();
  a.one.trust = trust();
  await look();
  expect(changed).toHaveBeenCalledTimes(1);
  all = [a, b];
  await look();
  expect(changed).toHaveBeenCalledTimes(2);
  all = [b];
  await look();
  expect(changed).toHaveBeenCalledTimes(3);
  expect(entries).toEqual([]);
  b.one.problem = "it cannot be read";
  await look();
  b.one.problem = undefined;
  await look();
  end();
  const what = 'the client CAs of cluster "b"';
  expect(entries).toEqual([
    { event: "reload", what, problem: "it cannot be read" },
    { event: "reload", what },
  ]);
  const { read } = b.one;
  await look();
  expect(b.one.read).toBe(read);
});
