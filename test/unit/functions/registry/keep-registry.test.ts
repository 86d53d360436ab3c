import { describe, expect, test } from "vitest";
import { type KeptRegistry, keepRegistry } from "../../../../functions/registry/keep-registry.ts";
import type { RefreshFailedEntry, RegistryEntry } from "../../../../functions/registry/log-entries.ts";

const maxAge = 300_000;
/** A tenth more: the age at which it is read again before it is used. */
const old = 330_000;
const deadAge = 86_400_000;
const slow = "the registry of clusters is too old, and reading it again takes too long; try again";
const dead =
  "the registry of clusters was last read at 1970-01-01T00:00:00.000Z, and every later reading failed; the log says why";

type Source = string | Error | Promise<string>;

/** A registry keeps any kind of cluster that has a name. */
interface TextCluster {
  readonly name: string;
  readonly text: string;
}

/** A registry of one cluster, whose text is what its source says at the time. */
const keeping = (first: Source) => {
  const state = { source: first, clock: 0, loads: 0, deadline: 0 };
  const entries: (RegistryEntry | RefreshFailedEntry)[] = [];
  const registry = keepRegistry<TextCluster>({
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
      return { clusters: new Map(text === "empty" ? [] : [["prod", { name: "prod", text }]]), problems: [] };
    },
    maxAge,
    deadAge,
    log: (entry) => entries.push(entry),
    now: () => state.clock,
  });
  return { registry, state, entries };
};

const loaded = async (source: Source = "good") => {
  const kept = keeping(source);
  expect(await kept.registry.current(9_000)).toBeUndefined();
  return kept;
};

/** The text that the cluster `prod` was read from. */
const textOf = (registry: KeptRegistry<TextCluster>): string | undefined => registry.clusters.get("prod")?.text;

describe("loading", () => {
  test("begins at once, and the first call waits for it", async () => {
    const { registry, state, entries } = keeping("good");
    expect(state.loads).toBe(1);
    expect(registry.clusters.size).toBe(0);
    await registry.current(9_000);
    expect([...registry.clusters.keys()]).toEqual(["prod"]);
    expect(entries).toEqual([{ event: "registry", clusters: 1, problems: [] }]);
    expect(state.loads).toBe(1);
  });

  test("has started when it succeeded, and when it failed", async () => {
    for (const source of ["good", new Error("no")]) {
      const { registry, state } = keeping(source);
      await registry.started;
      expect(state.loads).toBe(1);
      expect(registry.clusters.size).toBe(source === "good" ? 1 : 0);
    }
  });

  test("that failed is tried again by the first call, and then every five seconds", async () => {
    const { registry, state, entries } = keeping(new Error("no"));
    for (const [clock, loads] of [
      [0, 2],
      [4_999, 2],
      [5_000, 3],
      [9_999, 3],
    ] as const) {
      state.clock = clock;
      expect(await registry.current(60_000)).toBeUndefined();
      expect(state.loads).toBe(loads);
    }
    expect(entries).toEqual(Array(3).fill({ event: "registry", clusters: 0, problems: ["no"] }));
    state.clock = 10_000;
    state.source = "good";
    await registry.current(60_000);
    expect(registry.clusters.size).toBe(1);
  });

  test("takes three seconds at most, however little time its first caller has", async () => {
    const { registry, state } = keeping(new Error("no"));
    for (const deadline of [-1, 0, 500, 60_000]) {
      state.clock += 10_000;
      await registry.current(state.clock + deadline);
      expect(state.deadline).toBe(state.clock + 3_000);
    }
  });
});

test("no call waits beyond its own deadline for a reading that another one began", async () => {
  const { registry } = keeping(new Promise<string>(() => {}));
  await registry.current(20);
  await registry.refreshed(20);
  expect(registry.clusters.size).toBe(0);
});

describe("a registry that is old", () => {
  test("is read again beside a decision, and not before", async () => {
    const { registry, state, entries } = await loaded();
    state.source = "good too";
    state.clock = maxAge - 1;
    await registry.refreshed(maxAge + 9_000);
    expect(state.loads).toBe(1);
    state.clock = maxAge;
    await registry.refreshed(maxAge + 9_000);
    expect(state.loads).toBe(2);
    expect(textOf(registry)).toBe("good too");
    expect(entries).toHaveLength(2);
  });

  test("by a tenth is read again before it is used, and not sooner", async () => {
    const { registry, state } = await loaded();
    state.source = "good too";
    state.clock = old - 1;
    expect(await registry.current(old + 9_000)).toBeUndefined();
    expect(textOf(registry)).toBe("good");
    state.clock = old;
    expect(await registry.current(old + 9_000)).toBeUndefined();
    expect(textOf(registry)).toBe("good too");
    expect(state.loads).toBe(2);
  });

  test("keeps its clusters and their connections where nothing has changed", async () => {
    const { registry, state, entries } = await loaded();
    const before = registry.clusters.get("prod");
    for (const read of ["refreshed", "current"] as const) {
      state.clock += old;
      await registry[read](state.clock + 9_000);
      expect(registry.clusters.get("prod")).toBe(before);
    }
    expect(state.loads).toBe(3);
    expect(entries).toHaveLength(1);
    state.clock += maxAge - 1;
    await registry.refreshed(state.clock + 9_000);
    expect(state.loads).toBe(3);
  });

  test.each(["refreshed", "current"] as const)("loses the clusters that were removed (%s)", async (read) => {
    const { registry, state } = await loaded();
    state.source = "empty";
    state.clock = old;
    await registry[read](old + 9_000);
    expect(registry.clusters.size).toBe(0);
  });

  test.each<Source>([new Error("no"), "broken"])(
    "stays where it cannot be read (%s), and says its age",
    async (source) => {
      const { registry, state, entries } = await loaded();
      state.source = source;
      for (const clock of [maxAge, maxAge + 4_999, maxAge + 5_000, old]) {
        state.clock = clock;
        expect(await registry.current(clock + 9_000)).toBeUndefined();
        await registry.refreshed(clock + 9_000);
      }
      expect(textOf(registry)).toBe("good");
      const message = source === "broken" ? "is no YAML" : "no";
      expect(entries.slice(1)).toEqual(
        [300, 305, 330].map((ageSeconds) => ({ event: "refresh-failed", message, ageSeconds })),
      );
    },
  );

  test("is read once in five seconds while it cannot be read, however many callers there are", async () => {
    const { registry, state } = await loaded();
    const refused = registry.clusters.get("prod") as TextCluster;
    state.source = new Error("no");
    for (const [clock, loads] of [
      [old, 2],
      [old + 4_999, 2],
      [old + 5_000, 3],
      [old + 9_999, 3],
      [old + 10_000, 4],
    ] as const) {
      state.clock = clock;
      for (let nth = 0; nth < 20; nth++) {
        await registry.current(clock + 9_000);
        await registry.refreshed(clock + 9_000);
        await registry.renewed(refused, clock + 9_000);
      }
      expect(state.loads).toBe(loads);
    }
  });

  test("is read at its next age once it could be read", async () => {
    const { registry, state } = await loaded();
    const read = async (source: Source, clock: number) => {
      state.source = source;
      state.clock = clock;
      await registry.refreshed(clock + 9_000);
      return state.loads;
    };
    expect(await read(new Error("no"), maxAge)).toBe(2);
    expect(await read("good", maxAge + 5_000)).toBe(3);
    expect(await read(new Error("no"), maxAge + 10_000)).toBe(3);
    expect(await read(new Error("no"), 2 * maxAge + 5_000)).toBe(4);
    expect(await read(new Error("no"), 2 * maxAge + 5_001)).toBe(4);
  });

  test("is read once for all callers that come meanwhile", async () => {
    const { registry, state } = await loaded();
    const source = Promise.withResolvers<string>();
    state.source = source.promise;
    state.clock = old;
    const calls = [registry.current, registry.refreshed, registry.current].map((call) => call(old + 9_000));
    source.resolve("good too");
    await Promise.all(calls);
    expect(textOf(registry)).toBe("good too");
    expect(state.loads).toBe(2);
  });

  test("cannot be relied on while it is read for longer than a call can wait", async () => {
    const { registry, state } = await loaded();
    const source = Promise.withResolvers<string>();
    state.source = source.promise;
    state.clock = old;
    expect(await registry.current(old + 120)).toBe(slow);
    source.resolve("good too");
    expect(await registry.current(old + 9_000)).toBeUndefined();
    expect(state.loads).toBe(2);
  });

  test("is read again at once where a freeze cut the reading short", async () => {
    const { registry, state } = await loaded();
    const source = Promise.withResolvers<string>();
    state.source = source.promise;
    state.clock = old;
    expect(await registry.current(old)).toBe(slow);
    state.clock = old + 60_000;
    const call = registry.current(state.clock + 9_000);
    state.source = "good too";
    source.reject(new Error("did not answer within 3000 ms"));
    expect(await call).toBeUndefined();
    expect(textOf(registry)).toBe("good too");
    expect(state.loads).toBe(3);
  });
});

describe("a registry that is dead", () => {
  test("cannot be relied on, until it can be read again", async () => {
    const { registry, state } = await loaded();
    state.source = new Error("no");
    state.clock = deadAge - 5_000;
    expect(await registry.current(state.clock + 9_000)).toBeUndefined();
    state.clock = deadAge;
    expect(await registry.current(state.clock + 9_000)).toBe(dead);
    state.clock = deadAge + 4_999;
    state.source = "good too";
    expect(await registry.current(state.clock + 9_000)).toBe(dead);
    state.clock = deadAge + 5_000;
    expect(await registry.current(state.clock + 9_000)).toBeUndefined();
    expect(textOf(registry)).toBe("good too");
  });

  test("is read again before it counts as dead: an instance may have been frozen for a day", async () => {
    const { registry, state } = await loaded();
    state.clock = 2 * deadAge;
    expect(await registry.current(state.clock + 9_000)).toBeUndefined();
    expect(state.loads).toBe(2);
  });
});

describe("refused credentials (401)", () => {
  const refused = async (source: Source, clock = 1_000) => {
    const kept = await loaded("old");
    const cluster = kept.registry.clusters.get("prod") as TextCluster;
    kept.state.source = source;
    kept.state.clock = clock;
    return { ...kept, cluster };
  };

  test("bring the entry that was written since", async () => {
    const { registry, cluster, state } = await refused("new");
    const other = await registry.renewed(cluster, 9_000);
    expect(other).toBe(registry.clusters.get("prod"));
    expect(textOf(registry)).toBe("new");
    expect(state.loads).toBe(2);
  });

  test.each<[string, Source]>([
    ["is the same", "old"],
    ["is gone", "empty"],
    ["cannot be read", new Error("no")],
  ])("bring nothing where the entry %s", async (_, source) => {
    const { registry, cluster, state } = await refused(source);
    expect(await registry.renewed(cluster, 9_000)).toBeUndefined();
    expect(state.loads).toBe(2);
  });

  test("are asked for once a second", async () => {
    const { registry, cluster, state } = await refused("old");
    for (const [clock, loads] of [
      [999, 1],
      [1_000, 2],
      [1_999, 2],
      [2_000, 3],
    ] as const) {
      state.clock = clock;
      await registry.renewed(cluster, 9_000);
      expect(state.loads).toBe(loads);
    }
  });

  test("of an entry that was replaced meanwhile bring the newer one", async () => {
    const { registry, cluster } = await refused("new");
    await registry.renewed(cluster, 9_000);
    expect(await registry.renewed(cluster, 9_000)).toBe(registry.clusters.get("prod"));
  });

  test("are read once for all callers that were refused", async () => {
    const source = Promise.withResolvers<string>();
    const { registry, cluster, state } = await refused(source.promise);
    const both = Promise.all([registry.renewed(cluster, 9_000), registry.renewed(cluster, 9_000)]);
    source.resolve("new");
    const now = registry.clusters.get("prod");
    expect((await both).map((other) => other !== undefined && other !== now)).toEqual([true, true]);
    expect(state.loads).toBe(2);
  });
});
