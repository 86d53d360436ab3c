import { expect, test } from "vitest";
import type { RequestEntry } from "../../../../functions/proxy/log-entries.ts";
import { type ProxyEntry, splitProxyEntry } from "../../../../functions/streaming/split-proxy-entry.ts";
import { logLine } from "../../../../functions/telemetry/log-line.ts";
import { metrics } from "../../../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../../../functions/telemetry/proxy-metrics.ts";

const request: RequestEntry = {
  event: "request",
  time: "2026-11-28T17:00:00.000Z",
  cluster: "prod",
  peer: "192.0.2.7",
  caller: "olga",
  verb: "get",
  resource: "pods",
  decision: "forwarded",
  status: 200,
  bytes: 10,
  milliseconds: 7,
};

test.each<[what: string, entry: ProxyEntry, level: string, measured: object]>([
  ["a request", { ...request, load: "read" }, "INFO", { Requests: 1, RequestMilliseconds: 7 }],
  ["a fault", { event: "fault", fault: "TypeError" }, "ERROR", { FailedRequests: 1 }],
  ["accounts", { event: "accounts", cluster: "prod", asker: "a", actor: "b", warnings: [] }, "INFO", {}],
  ["accounts with a warning", { event: "accounts", cluster: "prod", warnings: ["w"] }, "WARN", {}],
  ["accounts that cannot be used", { event: "accounts", cluster: "prod", problem: "p" }, "ERROR", {}],
  ["issuers", { event: "issuers" }, "INFO", {}],
  ["issuers that cannot be read", { event: "issuers", problem: "p" }, "ERROR", { RefreshFailed: 1 }],
  [
    "a registry",
    { event: "registry", clusters: 1, problems: [] },
    "INFO",
    { RegistryClusters: 1, RegistryProblems: 0, RegistryAgeSeconds: 0 },
  ],
])("%s", (_, entry, level, measured) => {
  expect(splitProxyEntry(entry)).toMatchObject({ level, measured });
  expect(Object.keys(splitProxyEntry(entry).measured)).toEqual(Object.keys(measured));
});

test("a line is a metric document, whose dimensions are text", () => {
  const line = JSON.parse(
    logLine(
      splitProxyEntry({ ...request, load: "read", decision: "refused", refusal: "forbidden", status: 403 }),
      "proxy",
      1,
      {
        ...metrics,
        ...proxyMetrics,
      },
    ),
  );
  expect(line).toMatchObject({ status: "403", cluster: "prod", decision: "refused", function: "proxy" });
  expect(line._aws.CloudWatchMetrics).toEqual([
    {
      Namespace: "ImpersonationAdmission",
      Dimensions: [["function"], ["function", "cluster", "decision"]],
      Metrics: [{ Name: "Requests", Unit: "Count" }],
    },
    {
      Namespace: "ImpersonationAdmission",
      Dimensions: [["function"], ["function", "cluster"]],
      Metrics: [{ Name: "RequestMilliseconds", Unit: "Milliseconds" }],
    },
    {
      Namespace: "ImpersonationAdmission",
      Dimensions: [["function"], ["function", "status"], ["function", "refusal"]],
      Metrics: [{ Name: "RefusedRequests", Unit: "Count" }],
    },
  ]);
});
