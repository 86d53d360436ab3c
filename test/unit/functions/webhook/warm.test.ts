import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Ask } from "../../../../functions/cluster/ask.ts";
import { policies } from "../../../../functions/policies/index.ts";
import type { Entry } from "../../../../functions/webhook/log-entries.ts";
import { type Warming, warm } from "../../../../functions/webhook/warm.ts";
import type { WebhookCluster } from "../../../../functions/webhook/webhook-cluster.ts";
import type { Policy } from "../../../../lib/policy/index.ts";
import { formatQuestion, type Question } from "../../../../lib/question/index.ts";
import { useOwnClock } from "../../../support/own-clock.ts";

beforeAll(useOwnClock);
afterAll(() => void vi.useRealTimers());

const razee = policies.get("razee") ?? expect.unreachable();
const no: Ask = async (questions) => questions.map(() => ({ allowed: false, reason: "" }));
const yes: Ask = async (questions) => questions.map(() => ({ allowed: true, reason: "" }));
const down: Ask = async (questions) => questions.map(() => ({ code: 503, failure: "cannot be reached" }));
/** As functions/cluster/ask.ts does: at the deadline there is an answer, even if the API server hangs. */
const silent: Ask = async (questions, deadline) => {
  await new Promise((resolve) => setTimeout(resolve, deadline - 100 - Date.now()));
  return questions.map(() => ({ code: 504, failure: "did not answer" }));
};
const broken: Ask = () => {
  throw new TypeError("of an object's name");
};

/** Notes the questions, and the entries that are logged and dropped, while clusters are warmed. */
const warming = async (asks: Readonly<Record<string, Ask>>, more: Partial<Warming> = {}, policy: Policy = razee) => {
  const asked: (readonly [cluster: string, questions: readonly Question[]])[] = [];
  const [logged, dropped]: [Entry[], Entry[]] = [[], []];
  const clusters = new Map<string, WebhookCluster>();
  for (const [name, answer] of Object.entries(asks)) {
    const ask: Ask = (questions, deadline) => {
      asked.push([name, questions]);
      return answer(questions, deadline);
    };
    clusters.set(name, { name, keys: [], policy, ask });
  }
  await warm({
    registry: { clusters, problems: [] },
    clusters: 3,
    log: (entry) => logged.push(entry),
    drop: (entry) => dropped.push(entry),
    ...more,
  });
  return { asked, logged, dropped };
};

const said = (warmed: readonly string[], problems: readonly unknown[] = []) => [
  { event: "warmed", warmed, problems, warmMilliseconds: expect.any(Number) },
];

describe("warming", () => {
  test.each<[string, Ask]>([
    ["a no", no],
    ["even a yes", yes],
  ])("asks one question about users that no cluster has: %s is all it needs", async (_, ask) => {
    const { asked, logged } = await warming({ prod: ask });
    expect(asked.map(([cluster, questions]) => [cluster, questions.map(formatQuestion)])).toEqual([
      ["prod", ["impersonate users/impersonation-admission-warm-up-as"]],
    ]);
    expect(asked[0]?.[1]).toMatchObject([{ user: "impersonation-admission-warm-up", groups: [], extra: {} }]);
    expect(logged).toEqual(said(["prod"]));
  });

  test.each([...policies.values()])("runs a whole review that asks, with the policy $name", async (policy) => {
    const { dropped } = await warming({ prod: no }, {}, policy);
    expect(dropped).toMatchObject([
      { event: "decision", reason: "forbidden", questions: 1, requester: "impersonation-admission-warm-up" },
    ]);
  });

  test.each([
    [1, ["a"]],
    [3, ["a", "b", "c"]],
    [10, ["a", "b", "c", "d"]],
  ])("asks %i clusters at most", async (clusters, names) => {
    const { asked, logged } = await warming({ a: no, b: no, c: no, d: no }, { clusters });
    expect(asked.map(([name]) => name)).toEqual(names);
    expect(logged).toEqual(said(names));
  });

  test("is off for 0 clusters: nothing is asked or logged", async () => {
    expect(await warming({ prod: no }, { clusters: 0 })).toEqual({ asked: [], logged: [], dropped: [] });
  });

  test("waits for the registry", async () => {
    const clusters = new Map<string, WebhookCluster>();
    const started = Promise.resolve().then(() => {
      clusters.set("prod", { name: "prod", keys: [], policy: razee, ask: no });
    });
    const { logged } = await warming({}, { registry: { clusters, problems: [], started } });
    expect(logged).toEqual(said(["prod"]));
  });
});

describe("warming never fails, and logs why it did nothing", () => {
  test.each<[string, Readonly<Record<string, Ask>>, readonly string[], readonly unknown[]]>([
    ["no cluster", {}, [], ["no cluster is loaded yet"]],
    ["a cluster that is down", { prod: down }, [], ["prod: cannot be reached"]],
    ["one of two", { prod: no, test: down }, ["prod"], ["test: cannot be reached"]],
    ["a fault of our own", { prod: broken }, [], [expect.stringMatching(/^prod: failed: TypeError\n/)]],
    ["a cluster that is silent", { prod: silent }, [], ["prod: did not answer"]],
    ["a silent one beside one that answers", { a: silent, b: no }, ["b"], ["a: did not answer in time"]],
  ])("%s", async (_, asks, warmed, problems) => {
    const { logged } = await warming(asks);
    expect(logged).toEqual(said(warmed, problems));
  });

  test("a registry that hangs", async () => {
    const registry = { clusters: new Map(), problems: [], started: new Promise<void>(() => {}) };
    const { logged } = await warming({}, { registry });
    expect(logged).toEqual(said([], ["no cluster is loaded yet"]));
  });
});
