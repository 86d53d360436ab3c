import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Invocation, logLine } from "../../../../functions/telemetry/log-line.ts";
import { metrics } from "../../../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../../../functions/telemetry/proxy-metrics.ts";
import { failures } from "../../../../functions/webhook/failure-class.ts";
import { type Entry, splitEntry } from "../../../../functions/webhook/log-entries.ts";
import { alarms } from "../../../../infra/cloud/alarms.ts";
import { outputs } from "../../../../infra/cloud/outputs.ts";
import { readParams } from "../../../../infra/cloud/params.ts";
import { proxyOutputs } from "../../../../infra/cloud/proxy.ts";
import { proxyAlarms } from "../../../../infra/cloud/proxy-alarms.ts";

const read = (file: string): string => readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
const text = read("docs/operations.md");
const { params } = parse(read("serverless.yml"));

const proxyText = read("docs/proxy-lambda.md");
const isOfProxy = (name: string): boolean => name.startsWith("proxy");

/** The code spans in the first column of a section's table. */
const documented = (section: string, page = text): readonly string[] => {
  const [, body = ""] = page.split(`\n## ${section}\n`);
  const rows = body.split("\n## ")[0]?.matchAll(/^\| (`[^|]+) \|/gm) ?? [];
  return [...rows].flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)).sort();
};

const door = {
  api: "Api",
  accessLog: "Log",
  metrics: { serverErrors: "", clientErrors: "", latency: "" },
  dimensions: {},
  firewall: "",
};

test("every alarm has a heading in the docs, and every heading an alarm", () => {
  const [, section = ""] = text.split("\n## When an alarm rings\n");
  const headings = [...(section.split("\n## ")[0]?.matchAll(/^### (\w+)$/gm) ?? [])].map(([, name]) => `${name}Alarm`);
  expect(headings.sort()).toEqual(
    Object.keys(alarms(readParams({ ...params.default, registry: "ssm:/clusters" }), door)).sort(),
  );
});

test("every metric", () => {
  expect(documented("Metrics")).toEqual([...Object.keys(metrics), "ThrottledCalls"].sort());
});

test("every parameter, with its default", () => {
  const names = Object.keys(params.default).sort();
  expect(documented("Parameters")).toEqual(names.filter((name) => !isOfProxy(name)));
  expect(documented("Deploy it", proxyText)).toEqual(names.filter(isOfProxy));
  for (const [name, value] of Object.entries(params.default))
    if (typeof value === "number")
      expect(isOfProxy(name) ? proxyText : text).toMatch(new RegExp(`\\| .*\`${name}\`.* \\| .*\\b${value}\\b.* \\|`));
});

test("every output", () => {
  for (const output of Object.keys(outputs(""))) expect(text).toContain(`\`${output}\``);
  for (const output of Object.keys(proxyOutputs(withProxy, ""))) expect(proxyText).toContain(`\`${output}\``);
});

const withProxy = readParams({ ...params.default, registry: "ssm:/clusters", proxyRegistry: "ssm:/proxy" });

describe("of the proxy", () => {
  test("every alarm has a heading in the docs, and every heading an alarm", () => {
    const [, section = ""] = proxyText.split("\n## Log, metrics and alarms\n");
    const headings = [...(section.split("\n## ")[0]?.matchAll(/^### (\w+)$/gm) ?? [])].map(
      ([, name]) => `${name}Alarm`,
    );
    expect(headings).toEqual(Object.keys(proxyAlarms(withProxy, door)));
  });

  test("every metric", () => {
    expect(documented("Log, metrics and alarms", proxyText)).toEqual(Object.keys(proxyMetrics).sort());
  });
});

test("every class of failure", () => {
  for (const failure of failures) expect(text).toMatch(new RegExp(`^\\| \`${failure}\` \\|`, "m"));
});

test("every member of a line", () => {
  const entries: readonly (Entry & Invocation)[] = [
    {
      ...{ event: "decision", cluster: "", endpoint: "mutate", uid: "", resource: "", namespace: "", name: "" },
      ...{ operation: "", dryRun: false, decision: "denied", reason: "no-answer", message: "", enforcement: "enforce" },
      ...{ requester: "", declared: "", effective: "", failure: "fault", fault: "", questions: 1 },
      ...{ questionMilliseconds: 1, milliseconds: 1, cold: true, requestId: "", traceId: "", xrayTraceId: "" },
    },
    { event: "refused", status: 404 },
    { event: "registry", clusters: 1, problems: [] },
    { event: "refresh-failed", message: "", ageSeconds: 1 },
    { event: "warmed", warmed: [], problems: [], warmMilliseconds: 1 },
  ];
  const members = new Set(entries.flatMap((entry) => Object.keys(JSON.parse(logLine(splitEntry(entry), "", 0)))));
  members.delete("_aws");
  expect(documented("The log")).toEqual([...members].sort());
});
