import { describe, expect, test } from "vitest";
import {
  isFailed,
  type RequestEntry,
  splitAccountsEntry,
  splitRequestEntry,
} from "../../../../functions/proxy/log-entries.ts";
import { refusals } from "../../../../functions/proxy/refusal-class.ts";
import { type Invocation, logLine } from "../../../../functions/telemetry/log-line.ts";
import { metrics } from "../../../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../../../functions/telemetry/proxy-metrics.ts";

const now = 1_795_306_141_304;
const definitions = { ...metrics, ...proxyMetrics };
const read = (entry: RequestEntry & Invocation) =>
  JSON.parse(logLine(splitRequestEntry(entry), "proxy", now, definitions));

const forwarded: RequestEntry = {
  ...{ event: "request", time: "2026-11-28T18:00:00.000Z", cluster: "prod", peer: "10.0.0.1" },
  ...{ caller: "alice", user: "bob", credential: "actor", verb: "list", resource: "pods", namespace: "a" },
  ...{ load: "read", tokenReviews: 1, cachedTokenReviews: 0, questions: 3, cachedQuestions: 1 },
  ...{ decision: "forwarded", status: 200, bytes: 12, milliseconds: 3.5 },
};
const { credential: _, user: __, ...unconcluded } = forwarded;
const refused: RequestEntry = {
  ...unconcluded,
  ...{ decision: "refused", refusal: "forbidden", reason: "pods is forbidden", status: 403 },
};

/** What CloudWatch finds in a line: each metric, its value, and the values of each set of dimensions. */
const countedIn = (entry: RequestEntry & Invocation): readonly string[] => {
  const line = read(entry);
  return line._aws.CloudWatchMetrics.flatMap(
    ({ Dimensions, Metrics: [{ Name }] }: { Dimensions: string[][]; Metrics: [{ Name: string }] }) =>
      Dimensions.map((set) => `${Name} ${line[Name]} ${set.map((key) => line[key]).join("/")}`),
  );
};

test("the line of a request holds every member of its entry", () => {
  expect(read({ ...forwarded, cold: true, requestId: "r-1" })).toMatchObject({
    ...forwarded,
    ...{ level: "INFO", status: "200", function: "proxy", cold: true, requestId: "r-1" },
  });
});

test.each<readonly [string, RequestEntry & Invocation, readonly string[]]>([
  [
    "a request that went on",
    forwarded,
    [
      "Requests 1 proxy",
      "Requests 1 proxy/prod/forwarded",
      "RequestMilliseconds 3.5 proxy",
      "RequestMilliseconds 3.5 proxy/prod",
      "Questions 2 proxy",
      "Questions 2 proxy/prod",
      "TokenReviews 1 proxy",
      "TokenReviews 1 proxy/prod",
    ],
  ],
  [
    "a watch, whose time is not a latency",
    { ...forwarded, verb: "watch", load: "long-running", cachedTokenReviews: 1, cachedQuestions: 3 },
    ["Requests 1 proxy", "Requests 1 proxy/prod/forwarded"],
  ],
  [
    "a refusal",
    { ...refused, cachedTokenReviews: 1, cachedQuestions: 3 },
    [
      "Requests 1 proxy",
      "Requests 1 proxy/prod/refused",
      "RequestMilliseconds 3.5 proxy",
      "RequestMilliseconds 3.5 proxy/prod",
      "RefusedRequests 1 proxy",
      "RefusedRequests 1 proxy/403",
      "RefusedRequests 1 proxy/forbidden",
    ],
  ],
  [
    "a request to an unknown cluster, in the first call of an instance",
    {
      ...{ event: "request", time: "", peer: "10.0.0.1", decision: "refused", refusal: "not-found", status: 404 },
      ...{ bytes: 1, milliseconds: 0.1, cold: true },
    },
    [
      "Requests 1 proxy",
      "RefusedRequests 1 proxy",
      "RefusedRequests 1 proxy/404",
      "RefusedRequests 1 proxy/not-found",
      "ColdStarts 1 proxy",
    ],
  ],
  [
    "an answer that broke off",
    {
      ...forwarded,
      load: "long-running",
      questions: 0,
      tokenReviews: 0,
      brokenOffBy: "api-server",
      reason: "broke off",
    },
    ["Requests 1 proxy", "Requests 1 proxy/prod/forwarded", "FailedRequests 1 proxy", "FailedRequests 1 proxy/prod"],
  ],
])("what is counted of %s", (_name, entry, expected) => {
  expect([...countedIn(entry)].sort()).toEqual([...expected].sort());
});

describe("what a line's level is", () => {
  const failing = ["actor-unusable", "fault", "late", "not-ready", "timed-out", "unanswered", "unreachable"];
  test.each(refusals)("of a request with the refusal %s", (refusal) => {
    const failed = failing.includes(refusal);
    expect([isFailed({ refusal }), splitRequestEntry({ ...refused, refusal }).level]).toEqual([
      failed,
      failed ? "ERROR" : "WARN",
    ]);
  });

  test.each([
    ["client", "INFO"],
    ["api-server", "ERROR"],
    ["deadline", "ERROR"],
  ] as const)("of an answer that was broken off by the %s", (brokenOffBy, level) => {
    expect(splitRequestEntry({ ...forwarded, brokenOffBy }).level).toBe(level);
  });

  test.each([
    [{ asker: "a", actor: "b", warnings: [] }, "INFO"],
    [{ asker: "a", actor: "b", warnings: ["not known in full"] }, "WARN"],
    [{ problem: "both accounts are the same" }, "ERROR"],
  ] as const)("of accounts: %j", (found, level) => {
    const entry = { event: "accounts", cluster: "prod", ...found } as const;
    expect(splitAccountsEntry(entry)).toEqual({ level, fields: entry, measured: {} });
  });
});

test("every metric of the proxy is counted by one of these entries", () => {
  const counted = [{ ...refused, brokenOffBy: "deadline" } as const, forwarded].flatMap((entry) =>
    Object.keys(splitRequestEntry(entry).measured),
  );
  expect(counted).toEqual(expect.arrayContaining(Object.keys(proxyMetrics)));
});
