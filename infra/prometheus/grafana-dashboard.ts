import { fullName } from "../../functions/server/server-metrics.ts";
import { queriesIn } from "./queries.ts";

interface Panel {
  readonly title: string;
  readonly description?: string;
  /** Of Grafana: `reqps`, `s`, `short`, `percentunit`. */
  readonly unit: string;
  /** A query, and its legend, in which `{{label}}` stands for a value. */
  readonly queries: readonly (readonly [query: string, legend: string])[];
  readonly max?: number;
}

const { rate, quantile, sum, extreme } = queriesIn({
  matchers: ['job=~"$job"', 'instance=~"$instance"'],
  window: "$__rate_interval",
});

/** The share of look-ups that the cache answered. */
const cached = (name: "proxy_questions_total" | "proxy_token_reviews_total"): string =>
  `${rate(name, [], ['answered_by="cache"'])} / ${rate(name)}`;

const rows: Readonly<Record<string, readonly Panel[]>> = {
  Proxy: [
    {
      title: "Requests by cluster",
      unit: "reqps",
      queries: [[rate("proxy_requests_total", ["cluster", "decision"]), "{{cluster}} {{decision}}"]],
    },
    {
      title: "Refusals by reason",
      unit: "reqps",
      queries: [[rate("proxy_refusals_total", ["reason"]), "{{reason}}"]],
    },
    {
      title: "Latency",
      description: "Watches and other long-running requests are not in it.",
      unit: "s",
      queries: [
        [quantile(0.5, "proxy_request_duration_seconds", ["load"]), "{{load}} p50"],
        [quantile(0.99, "proxy_request_duration_seconds", ["load"]), "{{load}} p99"],
      ],
    },
    { title: "In flight", unit: "short", queries: [[sum("proxy_requests_in_flight", ["load"]), "{{load}}"]] },
    {
      title: "Requests by status",
      unit: "reqps",
      queries: [[rate("proxy_requests_total", ["code"]), "{{code}}"]],
    },
    {
      title: "Requests by verb",
      unit: "reqps",
      queries: [[rate("proxy_requests_total", ["verb"]), "{{verb}}"]],
    },
    {
      title: "Answered from the cache",
      unit: "percentunit",
      max: 1,
      queries: [
        [cached("proxy_questions_total"), "questions"],
        [cached("proxy_token_reviews_total"), "token reviews"],
      ],
    },
    {
      title: "Questions to API servers",
      unit: "reqps",
      queries: [
        [rate("proxy_questions_total", ["cluster"], ['answered_by="api-server"']), "{{cluster}} questions"],
        [rate("proxy_token_reviews_total", ["cluster"], ['answered_by="api-server"']), "{{cluster}} TokenReviews"],
      ],
    },
    {
      title: "Answers that broke off",
      unit: "reqps",
      queries: [[rate("proxy_broken_answers_total", ["cluster", "by"]), "{{cluster}} by {{by}}"]],
    },
    {
      title: "Connections to API servers",
      unit: "short",
      queries: [
        [sum("proxy_upstream_connections", ["cluster"]), "{{cluster}} connections"],
        [sum("proxy_upstream_streams", ["cluster"]), "{{cluster}} streams"],
      ],
    },
    {
      title: "Long-running requests, median",
      unit: "s",
      queries: [[quantile(0.5, "proxy_long_running_duration_seconds", ["cluster"]), "{{cluster}}"]],
    },
    {
      title: "Clusters whose accounts can be used",
      unit: "bool",
      max: 1,
      queries: [[extreme("min", "proxy_cluster_usable", ["cluster"]), "{{cluster}}"]],
    },
  ],
  Webhook: [
    {
      title: "Decisions by cluster",
      unit: "reqps",
      queries: [[rate("webhook_decisions_total", ["cluster", "decision"]), "{{cluster}} {{decision}}"]],
    },
    {
      title: "Failures and refused calls",
      unit: "reqps",
      queries: [
        [rate("webhook_failures_total", ["cluster", "failure"]), "{{cluster}} {{failure}}"],
        [rate("webhook_refused_calls_total", ["code"]), "{{code}}"],
      ],
    },
    {
      title: "Decisions and their questions, p99",
      unit: "s",
      queries: [
        [quantile(0.99, "webhook_decision_duration_seconds", ["endpoint"]), "{{endpoint}}"],
        [quantile(0.99, "webhook_question_duration_seconds", ["cluster"]), "questions to {{cluster}}"],
      ],
    },
    {
      title: "Questions of reviews",
      unit: "reqps",
      queries: [[rate("webhook_questions_total", ["cluster"]), "{{cluster}}"]],
    },
  ],
  Server: [
    {
      title: "Days until the certificate ends",
      unit: "short",
      queries: [[`(${extreme("min", "certificate_expiry_timestamp_seconds")} - time()) / 86400`, "days"]],
    },
    {
      title: "Registry",
      unit: "short",
      queries: [
        [extreme("min", "registry_clusters"), "clusters"],
        [extreme("max", "registry_problems"), "problems"],
        [`${rate("registry_refresh_failures_total")} * 60`, "failed readings a minute"],
      ],
    },
    { title: "Age of the registry", unit: "s", queries: [[extreme("max", "registry_age_seconds"), "age"]] },
    {
      title: "Last reload succeeded",
      unit: "bool",
      max: 1,
      queries: [[extreme("min", "last_reload_successful", ["what"]), "{{what}}"]],
    },
  ],
};

/** Every server has it. */
const metricOfAllServers = fullName("certificate_expiry_timestamp_seconds");

const datasource = { type: "prometheus", uid: "$datasource" };
/** Grafana has 24 columns. */
const width = 6;
const height = 7;

const panelOf = ({ title, description, unit, max, queries }: Panel) => ({
  type: "timeseries",
  title,
  ...(description && { description }),
  datasource,
  fieldConfig: { defaults: { unit, min: 0, ...(max && { max }) }, overrides: [] },
  options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
  targets: queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource,
    expr,
    legendFormat,
  })),
});

const variable = (name: string, query: string) => ({
  ...{ name, label: name, type: "query", datasource, query: { query, refId: name }, definition: query },
  ...{ multi: true, includeAll: true, refresh: 2, sort: 1, current: { text: "All", value: "$__all" } },
});

/** A dashboard of Grafana for the metrics of the server, to be imported. */
export function grafanaDashboard(): object {
  let y = 0;
  const panels = Object.entries(rows).flatMap(([title, inRow]) => {
    const header = { type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y, w: 24, h: 1 } };
    y += 1;
    const placed = inRow.map((panel, at) => ({
      ...panelOf(panel),
      gridPos: { x: (at % 4) * width, y: y + Math.floor(at / 4) * height, w: width, h: height },
    }));
    y += Math.ceil(inRow.length / 4) * height;
    return [header, ...placed];
  });
  return {
    title: "impersonation-admission",
    uid: "impersonation-admission",
    tags: ["kubernetes"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "data source", type: "datasource", query: "prometheus" },
        variable("job", `label_values(${metricOfAllServers}, job)`),
        variable("instance", `label_values(${metricOfAllServers}{job=~"$job"}, instance)`),
      ],
    },
    panels: panels.map((panel, at) => ({ id: at + 1, ...panel })),
  };
}
