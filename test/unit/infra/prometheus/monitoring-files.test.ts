import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fullName, type ServerMetricName, serverMetrics } from "../../../../functions/server/server-metrics.ts";
import { monitoringFiles } from "../../../../infra/prometheus/monitoring-files.ts";
import { queriesIn } from "../../../../infra/prometheus/queries.ts";

const read = (file: string): string => readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
const files = monitoringFiles();
const names = Object.keys(serverMetrics) as ServerMetricName[];

test.each(Object.entries(files))("%s is what npm run monitoring writes", (name, text) => {
  expect(read(`infra/prometheus/${name}`)).toBe(text);
});

/** The names of our metrics in a query, without the suffix of a histogram's series. */
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/impersonation_admission_\w+/g)].map(([name]) => name.replace(/_bucket$/, ""));

test("every metric is on the dashboard, and every name on it and in the alerts is a metric's", () => {
  expect([...new Set(namesIn(files["grafana-dashboard.json"] ?? ""))].sort()).toEqual(names.map(fullName).sort());
  for (const name of namesIn(files["alerts.yaml"] ?? "")) expect(names.map(fullName)).toContain(name);
});

test("the panels of the dashboard lie side by side, and none on another", () => {
  const { panels } = JSON.parse(files["grafana-dashboard.json"] ?? "");
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken).not.toContain(`${x} ${y}`);
        taken.add(`${x} ${y}`);
      }
  }
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
});

describe("a query", () => {
  const { rate, quantile, sum, extreme } = queriesIn({ matchers: ['job="a"'], window: "5m" });

  test.each([
    [
      rate("proxy_requests_total", ["code"], ['cluster="prod"']),
      'sum by (code) (rate(impersonation_admission_proxy_requests_total{job="a",cluster="prod"}[5m]))',
    ],
    [
      quantile(0.99, "proxy_request_duration_seconds", ["load"]),
      'histogram_quantile(0.99, sum by (le, load) (rate(impersonation_admission_proxy_request_duration_seconds_bucket{job="a"}[5m])))',
    ],
    [sum("proxy_requests_in_flight"), 'sum(impersonation_admission_proxy_requests_in_flight{job="a"})'],
    [
      extreme("min", "proxy_cluster_usable", ["cluster"]),
      'min by (cluster) (impersonation_admission_proxy_cluster_usable{job="a"})',
    ],
  ])("%#", (query, expected) => {
    expect(query).toBe(expected);
  });

  test("by a label that the metric has not is an error", () => {
    expect(() => rate("proxy_requests_total", ["user"])).toThrow("proxy_requests_total has no label user");
  });
});
