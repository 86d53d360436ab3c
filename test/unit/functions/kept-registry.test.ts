import { describe, expect, test } from "vitest";
import type { Ask } from "../../../functions/access/access.ts";
import { httpFailure } from "../../../functions/access/access-failure.ts";
import { policies } from "../../../functions/policies/index.ts";
import { type KeptRegistry, keepRegistry } from "../../../functions/registry/kept-registry.ts";
import type { RefreshFailedEntry, RegistryEntry } from "../../../functions/telemetry/telemetry.ts";
import { impersonationQuestion } from "../../../lib/identity/question.ts";

const policy = policies.get("razee") ?? expect.unreachable();
const question = impersonationQuestion({ username: "alice", uid: "", groups: [], extra: {} }, "bob");
const yes = { allowed: true, reason: "" };
const maxAge = 300_000;

type Source = string | Error | Promise<string>;

/** A registry of one cluster, whose text is what its source says at the time; an answer is yes where the text is `good`. */
const keeping = (first: Source) => {
  const state = { source: first, clock: 0, loads: 0, asks: 0, deadline: 0 };
  const entries: (RegistryEntry | RefreshFailedEntry)[] = [];
  const askOf =
    (text: string): Ask =>
    async (questions) => {
      state.asks += 1;
      return questions.map(() => (text.startsWith("good") ? yes : httpFailure("prod", 401)));
    };
  const registry = keepRegistry({
    load: async (deadline) => {
      state.loads += 1;
      state.deadline = deadline;
      const text = await state.source;
      if (text instanceof Error) throw text;
      return [{ text, directory: ".", origin: "test" }];
    },
    read: ([document]) => {
      const text = document?.text ?? "";
      if (text === "broken") throw new Error("is no YAML");
      const cluster = { name: "prod", keys: [], policy, ask: askOf(text) };
      return { clusters: new Map(text === "empty" ? [] : [["prod", cluster]]), problems: [] };
    },
    maxAge,
    log: (entry) => entries.push(entry),
    now: () => state.clock,
  });
  return { registry, state, entries };
};

const ask = async (registry: KeptRegistry) => (await registry.clusters.get("prod")?.ask([question], 9_000)) ?? [];
const loaded = async (source: Source) => {
  const kept = keeping(source);
  await kept.registry.loaded(9_000);
  return kept;
};

describe("loading", () => {
  test("begins at once, and whoever comes first waits for it", async () => {
    const { registry, state, entries } = keeping("good");
    expect(state.loads).toBe(1);
    expect(registry.clusters.size).toBe(0);
    await registry.loaded(9_000);
    expect([...registry.clusters.keys()]).toEqual(["prod"]);
    expect(entries).toEqual([{ event: "registry", clusters: 1, problems: [] }]);
    expect(state.loads).toBe(1);
  });

  test("that failed is tried again by the first who comes, and then every ten seconds", async () => {
    const { registry, state, entries } = keeping(new Error("no"));
    for (const [clock, loads] of [
      [0, 2],
      [9_999, 2],
      [10_000, 3],
    ] as const) {
      state.clock = clock;
      await registry.loaded(60_000);
      expect(state.loads).toBe(loads);
    }
    expect(entries).toEqual(Array(3).fill({ event: "registry", clusters: 0, problems: ["no"] }));
    state.clock = 20_000;
    state.source = "good";
    await registry.loaded(60_000);
    expect(registry.clusters.size).toBe(1);
  });

  test.each([
    ["three seconds", 60_000, 3_000],
    ["the deadline", 500, 500],
  ])("takes no longer than %s", async (_, deadline, expected) => {
    const { registry, state } = keeping(new Error("no"));
    await registry.loaded(deadline);
    expect(state.deadline).toBe(expected);
  });
});

test("nobody waits beyond their own deadline for what somebody else began", async () => {
  const { registry } = keeping(new Promise<string>(() => {}));
  await registry.loaded(20);
  await registry.refreshed(20);
  expect(registry.clusters.size).toBe(0);
});

describe("age", () => {
  test("a registry is read again when it is old, and not before", async () => {
    const { registry, state, entries } = await loaded("good");
    state.source = "good too";
    state.clock = maxAge - 1;
    await registry.refreshed(maxAge + 9_000);
    expect(state.loads).toBe(1);
    state.clock = maxAge;
    await registry.refreshed(maxAge + 9_000);
    expect(state.loads).toBe(2);
    expect(entries).toHaveLength(2);
  });

  test("what has not changed stays: its clusters keep their connections", async () => {
    const { registry, state, entries } = await loaded("good");
    const before = registry.clusters.get("prod");
    state.clock = maxAge;
    await registry.refreshed(maxAge + 9_000);
    expect(state.loads).toBe(2);
    expect(registry.clusters.get("prod")).toBe(before);
    expect(entries).toHaveLength(1);
    state.clock = 2 * maxAge - 1;
    await registry.refreshed(2 * maxAge);
    expect(state.loads).toBe(2);
  });

  test("what is gone is gone", async () => {
    const { registry, state } = await loaded("good");
    state.source = "empty";
    state.clock = maxAge;
    await registry.refreshed(maxAge + 9_000);
    expect(registry.clusters.size).toBe(0);
  });

  test.each<Source>([new Error("no"), "broken"])("the last good copy stays (%s), with its age", async (source) => {
    const { registry, state, entries } = await loaded("good");
    state.source = source;
    for (const clock of [maxAge, maxAge + 1_000, maxAge + 10_999, maxAge + 11_000]) {
      state.clock = clock;
      await registry.refreshed(clock + 9_000);
    }
    expect(await ask(registry)).toEqual([yes]);
    const message = source === "broken" ? "is no YAML" : "no";
    expect(entries.slice(1)).toEqual(
      [300, 301, 311].map((ageSeconds) => ({ event: "refresh-failed", message, ageSeconds })),
    );
  });

  test("a failure is forgotten once it could be read", async () => {
    const { registry, state } = await loaded("good");
    const read = async (source: Source, clock: number) => {
      state.source = source;
      state.clock = clock;
      await registry.refreshed(clock + 9_000);
      return state.loads;
    };
    for (const clock of [maxAge, maxAge + 1, maxAge + 2]) await read(new Error("no"), clock);
    expect(await read("good", maxAge + 20_000)).toBe(4);
    expect(await read(new Error("no"), 3 * maxAge)).toBe(5);
    expect(await read(new Error("no"), 3 * maxAge + 1)).toBe(6);
    expect(await read(new Error("no"), 3 * maxAge + 2)).toBe(6);
  });

  test("all who come while it is read wait for the same", async () => {
    const { registry, state } = await loaded("good");
    const source = Promise.withResolvers<string>();
    state.source = source.promise;
    state.clock = maxAge;
    const both = Promise.all([registry.refreshed(maxAge + 9_000), registry.refreshed(maxAge + 9_000)]);
    await registry.loaded(maxAge + 9_000);
    source.resolve("good too");
    await both;
    expect(state.loads).toBe(2);
  });
});

describe("refused credentials (401)", () => {
  test("are replaced by newer ones, and the question is asked again", async () => {
    const { registry, state } = await loaded("old");
    state.source = "good";
    state.clock = 1_000;
    expect(await ask(registry)).toEqual([yes]);
    expect(state).toMatchObject({ loads: 2, asks: 2 });
  });

  test("are asked for once for every review, and not again where they are the same", async () => {
    const { registry, state } = await loaded("old");
    for (const [clock, loads, asks] of [
      [999, 1, 1],
      [1_000, 2, 2],
      [2_000, 3, 3],
    ] as const) {
      state.clock = clock;
      expect(await ask(registry)).toMatchObject([{ failure: expect.stringContaining("(401)") }]);
      expect(state).toMatchObject({ loads, asks });
    }
  });

  test("that are new and refused too are asked with once", async () => {
    const { registry, state } = await loaded("old");
    state.source = "old as well";
    state.clock = 1_000;
    expect(await ask(registry)).toMatchObject([{ code: 502 }]);
    expect(state).toMatchObject({ loads: 2, asks: 2 });
  });

  test("stay refused where the cluster is gone, or the registry cannot be read", async () => {
    for (const source of ["empty", new Error("no")]) {
      const { registry, state } = await loaded("old");
      state.source = source;
      state.clock = 1_000;
      expect(await ask(registry)).toMatchObject([{ code: 502 }]);
      expect(state).toMatchObject({ loads: 2, asks: 1 });
    }
  });

  test("whoever comes while newer ones are read is answered by those", async () => {
    const { registry, state } = await loaded("old");
    const source = Promise.withResolvers<string>();
    state.source = source.promise;
    state.clock = 1_000;
    const both = Promise.all([ask(registry), ask(registry)]);
    source.resolve("good");
    expect(await both).toEqual([[yes], [yes]]);
    expect(state.loads).toBe(2);
  });
});
