/** A metric for Prometheus. The labels' values are bounded: none is a text that a requester can choose. */
export interface ServerMetric {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

const prefix = "impersonation_admission_";

const counter = (help: string, ...labels: readonly string[]) => ({ type: "counter", help, labels }) as const;
const gauge = (help: string, ...labels: readonly string[]) => ({ type: "gauge", help, labels }) as const;
const histogram = (buckets: readonly number[], help: string, ...labels: readonly string[]) =>
  ({ type: "histogram", help, labels, buckets }) as const;

const milliseconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const minutes = [1, 10, 60, 300, 900, 1_800, 3_600, 14_400];

/**
 * All metrics of the server besides those of its process, without their prefix. Dashboard, alerts and documentation take their names from
 * here.
 */
export const serverMetrics = {
  proxy_requests_total: counter(
    "Requests to the proxy that have ended, by what was decided and the status that the client got.",
    ...["cluster", "verb", "decision", "code"],
  ),
  proxy_refusals_total: counter("Answers of the proxy itself, by their reason.", "cluster", "reason"),
  proxy_broken_answers_total: counter(
    "Requests that ended before their answer was whole, by the side that ended them.",
    ...["cluster", "by"],
  ),
  proxy_request_duration_seconds: histogram(
    milliseconds,
    "Time from the headers of a request to the end of its answer, of requests whose caller is known and that are not long-running.",
    ...["cluster", "load"],
  ),
  proxy_long_running_duration_seconds: histogram(
    minutes,
    "Time that watches, logs, exec, attach, port-forward and proxied requests were open.",
    "cluster",
  ),
  proxy_requests_in_flight: gauge("Requests that are under way.", "load"),
  proxy_questions_total: counter(
    "SubjectAccessReviews that requests needed, by who answered: the API server, or the cache.",
    ...["cluster", "answered_by"],
  ),
  proxy_token_reviews_total: counter(
    "TokenReviews that requests needed, by who answered: the API server, or the cache.",
    ...["cluster", "answered_by"],
  ),
  proxy_upstream_connections: gauge("HTTP/2 connections to API servers.", "cluster"),
  proxy_upstream_streams: gauge("Requests that are open on those connections.", "cluster"),
  proxy_cluster_usable: gauge(
    "Whether the two accounts of a cluster can be used (1), or its requests are refused (0).",
    "cluster",
  ),
  webhook_decisions_total: counter("Decisions on reviews.", "cluster", "endpoint", "decision"),
  webhook_decision_duration_seconds: histogram(milliseconds, "Time to decide a review.", "cluster", "endpoint"),
  webhook_questions_total: counter("SubjectAccessReviews that reviews needed.", "cluster"),
  webhook_question_duration_seconds: histogram(
    milliseconds,
    "Time until all questions of a review were answered.",
    "cluster",
  ),
  webhook_failures_total: counter("Reviews that could not be judged on their merits, by class.", "cluster", "failure"),
  webhook_refused_calls_total: counter("Calls without a verdict, by status.", "code"),
  registry_clusters: gauge("Clusters of the registry that can be used."),
  registry_problems: gauge("Contexts and documents of the registry that cannot be used."),
  registry_age_seconds: gauge("Time since the registry was last read."),
  registry_refresh_failures_total: counter("Attempts to read the registry again that failed."),
  last_reload_successful: gauge(
    "Whether files that changed could be used (1), or the old ones stay (0). Absent where none has changed.",
    "what",
  ),
  certificate_expiry_timestamp_seconds: gauge("When the server's certificate ends, in seconds since the epoch."),
} as const satisfies Readonly<Record<string, ServerMetric>>;

export type ServerMetricName = keyof typeof serverMetrics;

/**
 * The name that Prometheus reads.
 *
 * @example fullName("registry_clusters") // "impersonation_admission_registry_clusters"
 */
export function fullName(name: ServerMetricName): string {
  return prefix + name;
}
