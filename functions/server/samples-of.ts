import { STATUS_CODES } from "node:http";
import type { RequestEntry } from "../proxy/log-entries.ts";
import type { DecisionEntry } from "../webhook/log-entries.ts";
import type { ServerEntry } from "./log-entries.ts";
import { type ServerMetricName, serverMetrics } from "./server-metrics.ts";

/** What an entry of the log adds to a metric: to a counter its value, to a histogram one observation; a gauge becomes the value. */
export interface MetricSample {
  readonly metric: ServerMetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Values in the order of the metric's labels. */
const sample = (metric: ServerMetricName, value: number, ...values: readonly string[]): MetricSample => ({
  metric,
  value,
  labels: Object.fromEntries(serverMetrics[metric].labels.map((label, at) => [label, values[at] ?? ""])),
});

/** Verbs of resources, and methods of other paths. */
const verbs = new Set([
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"],
  ...["post", "put", "head", "options"],
]);

const verbOf = (verb = ""): string => (verbs.has(verb) ? verb : "other");

/** What answers behind the API server, such as a pod, may have any status. */
const codeOf = (status: number): string =>
  status === 0 ? "none" : STATUS_CODES[status] === undefined ? "other" : String(status);

/** Says what the server counts of an entry of its log, so that the log and the metrics cannot differ. */
export function samplesOf(entry: ServerEntry): readonly MetricSample[] {
  switch (entry.event) {
    case "request":
      return ofRequest(entry);
    case "accounts":
      return [sample("proxy_cluster_usable", entry.problem === undefined ? 1 : 0, entry.cluster)];
    case "decision":
      return ofDecision(entry);
    case "refused":
      return [sample("webhook_refused_calls_total", 1, codeOf(entry.status))];
    case "fault":
      return [sample("webhook_failures_total", 1, "", entry.failure)];
    case "registry":
      return [sample("registry_clusters", entry.clusters), sample("registry_problems", entry.problems.length)];
    case "refresh-failed":
      return [sample("registry_refresh_failures_total", 1)];
    case "reload":
      return [sample("last_reload_successful", entry.problem === undefined ? 1 : 0, entry.what)];
    default:
      return [];
  }
}

const ofRequest = (entry: RequestEntry): readonly MetricSample[] => {
  const { cluster = "", load, refusal, brokenOffBy, milliseconds } = entry;
  const { questions = 0, cachedQuestions = 0, tokenReviews = 0, cachedTokenReviews = 0 } = entry;
  const answered = (metric: ServerMetricName, all: number, cached: number): readonly MetricSample[] =>
    [sample(metric, all - cached, cluster, "api-server"), sample(metric, cached, cluster, "cache")].filter(
      ({ value }) => value > 0,
    );
  const seconds = milliseconds / 1_000;
  return [
    sample("proxy_requests_total", 1, cluster, verbOf(entry.verb), entry.decision, codeOf(entry.status)),
    ...(refusal ? [sample("proxy_refusals_total", 1, cluster, refusal)] : []),
    ...(brokenOffBy ? [sample("proxy_broken_answers_total", 1, cluster, brokenOffBy)] : []),
    ...(load === "long-running" && entry.decision === "forwarded"
      ? [sample("proxy_long_running_duration_seconds", seconds, cluster)]
      : []),
    ...(load === "read" || load === "write" ? [sample("proxy_request_duration_seconds", seconds, cluster, load)] : []),
    ...answered("proxy_questions_total", questions, cachedQuestions),
    ...answered("proxy_token_reviews_total", tokenReviews, cachedTokenReviews),
  ];
};

const ofDecision = (entry: DecisionEntry): readonly MetricSample[] => {
  const { cluster, endpoint, questions, questionMilliseconds, milliseconds, failure } = entry;
  return [
    sample("webhook_decisions_total", 1, cluster, endpoint, entry.decision),
    sample("webhook_decision_duration_seconds", milliseconds / 1_000, cluster, endpoint),
    ...(questions > 0
      ? [
          sample("webhook_questions_total", questions, cluster),
          sample("webhook_question_duration_seconds", questionMilliseconds / 1_000, cluster),
        ]
      : []),
    ...(failure ? [sample("webhook_failures_total", 1, cluster, failure)] : []),
  ];
};
