import { queriesIn } from "./queries.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: "page" | "ticket";
  readonly summary: string;
}

const { rate, quantile, extreme } = queriesIn({ matchers: [], window: "5m" });

/** Refusals whose cause is neither the request nor its caller. */
const ownFaults = 'reason=~"not-ready|unanswered|late|unreachable|timed-out|actor-unusable|fault"';

/** All alerts. docs/operations.md says what to do. */
export const alertRules: readonly Rule[] = [
  {
    alert: "ProxyFailsRequests",
    expr: `${rate("proxy_refusals_total", ["cluster"], [ownFaults])} / ${rate("proxy_requests_total", ["cluster"])} > 0.05`,
    for: "10m",
    severity: "page",
    summary: "Over 5 % of the requests to cluster {{ $labels.cluster }} fail for a cause that is not theirs.",
  },
  {
    alert: "ProxyClusterUnusable",
    expr: `${extreme("min", "proxy_cluster_usable", ["cluster"])} == 0`,
    for: "5m",
    severity: "page",
    summary: "The accounts of the proxy at cluster {{ $labels.cluster }} cannot be used; its requests are refused.",
  },
  {
    alert: "ProxyAnswersBreakOff",
    expr: `${rate("proxy_broken_answers_total", ["cluster"], ['by="api-server"'])} > 0.1`,
    for: "10m",
    severity: "ticket",
    summary: "The API server of cluster {{ $labels.cluster }} breaks answers off.",
  },
  {
    alert: "ProxyTooManyRequests",
    expr: `${rate("proxy_refusals_total", ["cluster"], ['reason="too-many"'])} > 0`,
    for: "10m",
    severity: "ticket",
    summary: "Requests to cluster {{ $labels.cluster }} are answered 429.",
  },
  {
    alert: "ProxyUnauthenticated",
    expr: `${rate("proxy_refusals_total", [], ['reason="unauthenticated"'])} > 1`,
    for: "10m",
    severity: "ticket",
    summary: "More than one request a second has a credential that is not good.",
  },
  {
    alert: "ProxySlow",
    expr: `${quantile(0.99, "proxy_request_duration_seconds", ["cluster"])} > 5`,
    for: "15m",
    severity: "ticket",
    summary: "The slowest hundredth of the requests to cluster {{ $labels.cluster }} takes over 5 s.",
  },
  {
    alert: "WebhookFailures",
    expr: `${rate("webhook_failures_total", ["cluster", "failure"])} > 0`,
    for: "10m",
    severity: "page",
    summary: "Reviews of cluster {{ $labels.cluster }} cannot be judged ({{ $labels.failure }}), and writes fail.",
  },
  {
    alert: "WebhookRefusedCalls",
    expr: `${rate("webhook_refused_calls_total")} > 0.3`,
    for: "10m",
    severity: "ticket",
    summary: "Calls of the webhook get no verdict, mostly because of an unknown cluster or a wrong key.",
  },
  {
    alert: "ServerRegistryProblems",
    expr: `${extreme("max", "registry_problems")} > 0`,
    for: "5m",
    severity: "ticket",
    summary: "Contexts of the registry cannot be used, and their clusters are not served.",
  },
  {
    alert: "ServerRegistryStale",
    expr: `${extreme("max", "registry_age_seconds")} > 3600`,
    for: "10m",
    severity: "page",
    summary: "The registry has not been read for an hour.",
  },
  {
    alert: "ServerReloadFailed",
    expr: `${extreme("min", "last_reload_successful", ["what"])} == 0`,
    for: "0m",
    severity: "ticket",
    summary: "A file of the server ({{ $labels.what }}) changed and cannot be used; the old one stays.",
  },
  {
    alert: "ServerCertificateEnds",
    expr: `${extreme("min", "certificate_expiry_timestamp_seconds")} - time() < 7 * 86400`,
    for: "1h",
    severity: "page",
    summary: "The server's certificate ends in less than a week.",
  },
];

/** A rules file of Prometheus. */
export function rulesFile(): object {
  return {
    groups: [
      {
        name: "impersonation-admission",
        rules: alertRules.map(({ severity, summary, ...rule }) => ({
          ...rule,
          labels: { severity },
          annotations: { summary },
        })),
      },
    ],
  };
}
