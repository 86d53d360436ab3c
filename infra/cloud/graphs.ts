import { everywhere, type Metric, metrics, namespace } from "../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../functions/telemetry/proxy-metrics.ts";
import { sub, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import { throttled } from "./throttled.ts";

/** A third of the dashboard's 24 columns. */
const width = 8;
const height = 6;

export interface Graph {
  readonly title: string;
  readonly metrics: readonly unknown[];
  readonly stacked?: boolean;
}

/** The metrics of a function and of the gateway in front of it, as lines of a graph. */
export function graphLines(functionId: string, { api, metrics: names, dimensions }: FrontDoor) {
  const functionName = `\${${functionId}}`;
  const ofDoor = Object.entries(dimensions).flat();
  const gateway = (name: "latency" | "serverErrors" | "clientErrors", stat: string) => [
    "AWS/ApiGateway",
    names[name],
    ...ofDoor,
    { stat },
  ];
  return {
    /** A metric of the function, without other dimensions. */
    total: (name: Metric, stat: string, label: string = name) => [
      namespace,
      name,
      everywhere,
      functionName,
      { stat, label },
    ],
    /** A metric of the function, with one line for each combination of a set of its dimensions. */
    each: (name: Metric, set: number, stat: string) => {
      const [, ...by]: readonly [string, ...(readonly (readonly string[])[])] = { ...metrics, ...proxyMetrics }[name];
      const schema = [namespace, everywhere, ...(by[set] ?? [])].join(",");
      const search = `{${schema}} MetricName="${name}" ${everywhere}="${functionName}"`;
      return [{ expression: `SEARCH('${search}', '${stat}')`, id: name.toLowerCase(), label: "" }];
    },
    lambda: (name: string, stat: string) => ["AWS/Lambda", name, "FunctionName", functionName, { stat }],
    gateway,
    throttledCalls: [namespace, throttled.name, throttled.dimension, `\${${api}}`, { stat: "Sum" }],
  };
}

/**
 * A dashboard with the name of a function, with three graphs in a row. Its last panel lists the latest failures of the function's log.
 *
 * @param fields of a line of the log
 */
export function dashboardOf(functionId: string, graphs: readonly Graph[], fields: readonly string[]): Template {
  const functionName = `\${${functionId}}`;
  const latestFailures = {
    type: "log",
    properties: {
      title: "Latest failures",
      region: "${AWS::Region}",
      view: "table",
      query: [
        `SOURCE '/aws/lambda/${functionName}'`,
        `fields ${["@timestamp", ...fields].join(", ")}`,
        'filter level = "ERROR"',
        "sort @timestamp desc",
        "limit 50",
      ].join(" | "),
    },
  };
  const panels = graphs.map(({ title, metrics: lines, stacked = false }) => ({
    type: "metric",
    properties: { title, region: "${AWS::Region}", view: "timeSeries", stacked, period: 300, metrics: lines },
  }));
  const widgets = [...panels, latestFailures].map((widget, index) => ({
    ...widget,
    x: (index % 3) * width,
    y: Math.floor(index / 3) * height,
    width,
    height,
  }));
  return {
    Type: "AWS::CloudWatch::Dashboard",
    Properties: { DashboardName: sub(functionName), DashboardBody: sub(JSON.stringify({ widgets })) },
  };
}
