import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { boundedJson, logLine } from "../../../../functions/telemetry/log-line.ts";
import { metrics, namespace } from "../../../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../../../functions/telemetry/proxy-metrics.ts";

const now = 1_795_306_141_304;

describe("a line of the log", () => {
  test("holds its level, the fields and the function", () => {
    const fields = { event: "anything", cluster: "prod" };
    expect(logLine({ level: "WARN", fields, measured: {} }, "admission", now)).toBe(
      '{"level":"WARN","event":"anything","cluster":"prod","function":"admission"}',
    );
  });

  test("is a metric document where something is measured, without the dimensions that it has not", () => {
    const fields = { event: "anything", failure: "fault" };
    expect(JSON.parse(logLine({ level: "ERROR", fields, measured: { Failures: 1 } }, "admission", now))).toEqual({
      level: "ERROR",
      ...fields,
      function: "admission",
      Failures: 1,
      _aws: {
        Timestamp: now,
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [["function"], ["function", "failure"]],
            Metrics: [{ Name: "Failures", Unit: "Count" }],
          },
        ],
      },
    });
  });

  test.each([
    [true, 1],
    [false, undefined],
  ])("counts a cold start where cold is %s", (cold, count) => {
    const line = JSON.parse(logLine({ level: "INFO", fields: { cold }, measured: {} }, "admission", now));
    expect(line.ColdStarts).toBe(count);
  });
});

test("a text of 1024 characters is whole, and a longer one is cut", () => {
  expect(JSON.parse(boundedJson({ whole: "a".repeat(1024), cut: "a".repeat(1025) }))).toEqual({
    whole: "a".repeat(1024),
    cut: `${"a".repeat(1024)}… (1025 characters)`,
  });
});

describe("names are written once", () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const sources = ["functions", "infra", "lib"]
    .flatMap((folder) =>
      readdirSync(root + folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
    )
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, readFileSync(root + file, "utf8")] as const);
  const holding = (pattern: RegExp) => sources.filter(([, text]) => pattern.test(text)).map(([file]) => file);

  test("the namespace stands in one file", () => {
    expect(holding(new RegExp(`["'\`]${namespace}["'\`]`))).toEqual(["functions/telemetry/metrics.ts"]);
  });

  test("metrics are looked up by names that the compiler knows", () => {
    const names = Object.keys({ ...metrics, ...proxyMetrics }).join("|");
    expect(holding(new RegExp(`["'\`](${names})["'\`]`)).sort()).toEqual([
      "infra/cloud/alarms.ts",
      "infra/cloud/dashboard.ts",
      "infra/cloud/proxy-alarms.ts",
      "infra/cloud/proxy-dashboard.ts",
    ]);
    expect(holding(new RegExp(`\\b(${names}):`)).sort()).toEqual([
      "functions/proxy/log-entries.ts",
      "functions/registry/log-entries.ts",
      "functions/streaming/split-proxy-entry.ts",
      "functions/telemetry/log-line.ts",
      "functions/telemetry/metrics.ts",
      "functions/telemetry/proxy-metrics.ts",
      "functions/webhook/log-entries.ts",
    ]);
  });

  test("the functions write through telemetry only", () => {
    const writing = holding(/console\.|stdout\.write|stderr\.write/).filter((file) => file.startsWith("functions/"));
    expect(writing.sort()).toEqual(["functions/admission.ts", "functions/proxy-function.ts"]);
  });
});
