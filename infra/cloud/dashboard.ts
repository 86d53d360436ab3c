import { everywhere, type Metric, metrics, namespace } from "../../functions/telemetry/metrics.ts";
import { admissionFunction, sub, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import { throttled } from "./throttled.ts";

const functionName = `\${${admissionFunction}}`;

/** A third of the dashboard's 24 columns. */
const width = 8;
const height = 6;

interface Graph {
  readonly title: string;
  readonly metrics: readonly unknown[];
  readonly stacked?: boolean;
}

/** A metric of the function, without other dimensions. */
const total = (name: Metric, stat: string, label: string = name) => [
  namespace,
  name,
  everywhere,
  functionName,
  { stat, label },
];

/** A metric of the function, with one line for each combination of a set of its dimensions. */
const each = (name: Metric, set: number, stat: string) => {
  const [, ...by]: readonly [string, ...(readonly (readonly string[])[])] = metrics[name];
  const schema = [namespace, everywhere, ...(by[set] ?? [])].join(",");
  const search = `{${schema}} MetricName="${name}" ${everywhere}="${functionName}"`;
  return [{ expression: `SEARCH('${search}', '${stat}')`, id: name.toLowerCase(), label: "" }];
};

const lambda = (name: string, stat: string) => ["AWS/Lambda", name, "FunctionName", functionName, { stat }];

const blockedBy = (webAcl: string) => [
  ...["AWS/WAFV2", "BlockedRequests", "WebACL", webAcl, "Rule", "ALL", "Region", "${AWS::Region}"],
  { stat: "Sum" },
];

const graphsOf = ({ api, metrics: names, dimensions, firewall }: FrontDoor): readonly Graph[] => {
  const ofDoor = Object.entries(dimensions).flat();
  const gateway = (name: string, stat: string) => ["AWS/ApiGateway", name, ...ofDoor, { stat }];
  return [
    { title: "Decisions", metrics: [each("Decisions", 0, "Sum")], stacked: true },
    { title: "Failures by class", metrics: [each("Failures", 0, "Sum")], stacked: true },
    { title: "Failures by cluster", metrics: [each("Failures", 1, "Sum")], stacked: true },
    { title: "Answers of the API servers, p99 ms", metrics: [each("QuestionMilliseconds", 0, "p99")] },
    {
      title: "Decisions, ms",
      metrics: [
        total("DecisionMilliseconds", "p50", "p50"),
        total("DecisionMilliseconds", "p99", "p99"),
        total("DecisionMilliseconds", "Maximum", "slowest"),
      ],
    },
    { title: "Gateway, ms", metrics: [gateway(names.latency, "p50"), gateway(names.latency, "p99")] },
    { title: "Refused calls by status", metrics: [each("RefusedCalls", 0, "Sum")], stacked: true },
    {
      title: "Throttled, blocked and failed calls",
      metrics: [
        lambda("Throttles", "Sum"),
        lambda("Errors", "Sum"),
        gateway(names.serverErrors, "Sum"),
        gateway(names.clientErrors, "Sum"),
        [namespace, throttled.name, throttled.dimension, `\${${api}}`, { stat: "Sum" }],
        ...(firewall === undefined ? [] : [blockedBy(firewall)]),
      ],
    },
    {
      title: "Instances",
      metrics: [
        lambda("ConcurrentExecutions", "Maximum"),
        lambda("Invocations", "Sum"),
        total("ColdStarts", "Sum"),
        total("Questions", "Sum"),
      ],
    },
    {
      title: "Registry",
      metrics: [
        total("RegistryClusters", "Minimum"),
        total("RegistryProblems", "Maximum"),
        total("RefreshFailed", "Sum"),
      ],
    },
    { title: "Age of the registry, s", metrics: [total("RegistryAgeSeconds", "Maximum")] },
  ];
};

const latestFailures = {
  type: "log",
  properties: {
    title: "Latest failures",
    region: "${AWS::Region}",
    view: "table",
    query: [
      `SOURCE '/aws/lambda/${functionName}'`,
      "fields @timestamp, cluster, failure, message, fault, uid",
      'filter level = "ERROR"',
      "sort @timestamp desc",
      "limit 50",
    ].join(" | "),
  },
};

/** The dashboard, with three graphs in a row. */
export function dashboard(door: FrontDoor): Template {
  const graphs = graphsOf(door).map(({ title, metrics, stacked = false }) => ({
    type: "metric",
    properties: { title, region: "${AWS::Region}", view: "timeSeries", stacked, period: 300, metrics },
  }));
  const widgets = [...graphs, latestFailures].map((widget, index) => ({
    ...widget,
    x: (index % 3) * width,
    y: Math.floor(index / 3) * height,
    width,
    height,
  }));
  return {
    Dashboard: {
      Type: "AWS::CloudWatch::Dashboard",
      Properties: { DashboardName: sub(functionName), DashboardBody: sub(JSON.stringify({ widgets })) },
    },
  };
}
