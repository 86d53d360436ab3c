import { STATUS_CODES } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RequestEntry } from "../../../../functions/proxy/log-entries.ts";
import { refusals } from "../../../../functions/proxy/refusal-class.ts";
import type { ServerEntry } from "../../../../functions/server/log-entries.ts";
import { samplesOf } from "../../../../functions/server/samples-of.ts";
import { serverMetrics } from "../../../../functions/server/server-metrics.ts";
import type { DecisionEntry } from "../../../../functions/webhook/log-entries.ts";

const request: RequestEntry = {
  ...{ event: "request", time: "2026-11-28T18:00:00.000Z", cluster: "prod", peer: "10.0.0.1" },
  ...{ caller: "alice", user: "alice", credential: "actor", verb: "list", resource: "pods", load: "read" },
  ...{ tokenReviews: 1, cachedTokenReviews: 0, questions: 3, cachedQuestions: 1 },
  ...{ decision: "forwarded", status: 200, bytes: 12, milliseconds: 250 },
};
const decision: DecisionEntry = {
  ...{ event: "decision", cluster: "prod", endpoint: "mutate", uid: "u", resource: "", namespace: "", name: "" },
  ...{ operation: "CREATE", dryRun: false, decision: "permitted", reason: "may-impersonate", message: "" },
  ...{ enforcement: "enforce", requester: "alice", declared: "bob", effective: "bob", questions: 2 },
  ...{ questionMilliseconds: 40, milliseconds: 50 },
};

const samples = (entry: ServerEntry): readonly string[] =>
  samplesOf(entry).map(({ metric, labels, value }) => `${metric} ${JSON.stringify(Object.values(labels))} ${value}`);

describe("what is counted", () => {
  test.each<readonly [string, ServerEntry, readonly string[]]>([
    [
      "of a request that went on",
      request,
      [
        'proxy_requests_total ["prod","list","forwarded","200"] 1',
        'proxy_request_duration_seconds ["prod","read"] 0.25',
        'proxy_questions_total ["prod","api-server"] 2',
        'proxy_questions_total ["prod","cache"] 1',
        'proxy_token_reviews_total ["prod","api-server"] 1',
      ],
    ],
    [
      "of a watch whose client left, all of which was known",
      {
        ...request,
        ...{ verb: "watch", load: "long-running", cachedTokenReviews: 1, questions: 1, cachedQuestions: 1 },
        ...{ brokenOffBy: "client", reason: "the client has left", milliseconds: 90_000 },
      },
      [
        'proxy_requests_total ["prod","watch","forwarded","200"] 1',
        'proxy_broken_answers_total ["prod","client"] 1',
        'proxy_long_running_duration_seconds ["prod"] 90',
        'proxy_questions_total ["prod","cache"] 1',
        'proxy_token_reviews_total ["prod","cache"] 1',
      ],
    ],
    [
      "of a watch that is not allowed, which was never open",
      { ...request, verb: "watch", load: "long-running", decision: "refused", refusal: "forbidden", status: 403 },
      [
        'proxy_requests_total ["prod","watch","refused","403"] 1',
        'proxy_refusals_total ["prod","forbidden"] 1',
        'proxy_questions_total ["prod","api-server"] 2',
        'proxy_questions_total ["prod","cache"] 1',
        'proxy_token_reviews_total ["prod","api-server"] 1',
      ],
    ],
    [
      "of a path without a cluster",
      {
        ...{ event: "request", time: "", peer: "10.0.0.1", decision: "refused", refusal: "not-found", status: 404 },
        ...{ bytes: 1, milliseconds: 0.1 },
      },
      ['proxy_requests_total ["","other","refused","404"] 1', 'proxy_refusals_total ["","not-found"] 1'],
    ],
    [
      "of an API server that cannot be reached",
      { ...request, refusal: "unreachable", status: 502, questions: 0, cachedQuestions: 0, tokenReviews: 0 },
      [
        'proxy_requests_total ["prod","list","forwarded","502"] 1',
        'proxy_refusals_total ["prod","unreachable"] 1',
        'proxy_request_duration_seconds ["prod","read"] 0.25',
      ],
    ],
    [
      "of accounts that can be used",
      { event: "accounts", cluster: "prod", asker: "a", actor: "b", warnings: [] },
      ['proxy_cluster_usable ["prod"] 1'],
    ],
    ["of others", { event: "accounts", cluster: "prod", problem: "p" }, ['proxy_cluster_usable ["prod"] 0']],
    [
      "of a decision",
      decision,
      [
        'webhook_decisions_total ["prod","mutate","permitted"] 1',
        'webhook_decision_duration_seconds ["prod","mutate"] 0.05',
        'webhook_questions_total ["prod"] 2',
        'webhook_question_duration_seconds ["prod"] 0.04',
      ],
    ],
    [
      "of a decision without questions that failed",
      { ...decision, decision: "denied", failure: "review-unjudgeable", questions: 0, questionMilliseconds: 0 },
      [
        'webhook_decisions_total ["prod","mutate","denied"] 1',
        'webhook_decision_duration_seconds ["prod","mutate"] 0.05',
        'webhook_failures_total ["prod","review-unjudgeable"] 1',
      ],
    ],
    ["of a call without a verdict", { event: "refused", status: 404 }, ['webhook_refused_calls_total ["404"] 1']],
    ["of a fault", { event: "fault", failure: "fault", fault: "TypeError" }, ['webhook_failures_total ["","fault"] 1']],
    [
      "of a registry",
      { event: "registry", clusters: 3, problems: ["a", "b"] },
      ["registry_clusters [] 3", "registry_problems [] 2"],
    ],
    [
      "of a registry that could not be read again",
      { event: "refresh-failed", message: "", ageSeconds: 400 },
      ["registry_refresh_failures_total [] 1"],
    ],
    ["of a reload", { event: "reload", what: "certificate" }, ['last_reload_successful ["certificate"] 1']],
    [
      "of a reload that failed",
      { event: "reload", what: "certificate", problem: "no such file" },
      ['last_reload_successful ["certificate"] 0'],
    ],
    ["of a warm-up", { event: "warmed", warmed: [], problems: [], warmMilliseconds: 1 }, []],
  ])("%s", (_name, entry, expected) => {
    expect(samples(entry)).toEqual(expected);
  });

  test("every metric is counted of an entry, or is one of those that say what is now", () => {
    const entries: readonly ServerEntry[] = [
      { ...request, refusal: "late", brokenOffBy: "deadline" },
      { ...request, load: "long-running" },
      { ...decision, failure: "cluster-late" },
      { event: "accounts", cluster: "prod" },
      { event: "refused", status: 404 },
      { event: "registry", clusters: 1, problems: [] },
      { event: "refresh-failed", message: "", ageSeconds: 1 },
      { event: "reload", what: "certificate" },
    ];
    const now = ["certificate_expiry_timestamp_seconds", "proxy_requests_in_flight", "registry_age_seconds"];
    const open = ["proxy_upstream_connections", "proxy_upstream_streams"];
    const counted = entries.flatMap((entry) => samplesOf(entry).map(({ metric }) => metric));
    expect([...new Set([...counted, ...now, ...open])].sort()).toEqual(Object.keys(serverMetrics).sort());
  });
});

describe("no label has a value that a requester can choose", () => {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"];
  const allowed: Readonly<Record<string, readonly string[]>> = {
    cluster: ["prod"],
    verb: [...verbs, "post", "put", "head", "options", "other"],
    decision: ["forwarded", "refused"],
    code: [...Object.keys(STATUS_CODES), "none", "other"],
    reason: refusals,
    by: ["client", "api-server", "deadline"],
    load: ["read", "write"],
    answered_by: ["api-server", "cache"],
  };
  const chosen = fc.oneof(fc.string(), fc.constantFrom(...verbs, "GET", "__proto__", "constructor"));
  const entry = fc.record({
    ...{ verb: chosen, group: chosen, resource: chosen, subresource: chosen, namespace: chosen, name: chosen },
    ...{ path: chosen, caller: chosen, user: chosen, peer: chosen, reason: chosen, time: chosen, protocol: chosen },
    status: fc.integer({ min: 0, max: 999 }),
    refusal: fc.constantFrom(...refusals),
    brokenOffBy: fc.constantFrom("client" as const, "api-server" as const, "deadline" as const),
  });

  test("whatever the request says", () => {
    fc.assert(
      fc.property(entry, (given) => {
        for (const { labels } of samplesOf({ ...request, ...given }))
          for (const [label, value] of Object.entries(labels)) expect(allowed[label]).toContain(value);
      }),
    );
  });
});
