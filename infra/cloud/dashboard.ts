import { admissionFunction, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import { dashboardOf, type Graph, graphLines } from "./graphs.ts";

const blockedBy = (webAcl: string) => [
  ...["AWS/WAFV2", "BlockedRequests", "WebACL", webAcl, "Rule", "ALL", "Region", "${AWS::Region}"],
  { stat: "Sum" },
];

const graphsOf = (door: FrontDoor): readonly Graph[] => {
  const { total, each, lambda, gateway, throttledCalls } = graphLines(admissionFunction, door);
  const { firewall } = door;
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
    { title: "Gateway, ms", metrics: [gateway("latency", "p50"), gateway("latency", "p99")] },
    { title: "Refused calls by status", metrics: [each("RefusedCalls", 0, "Sum")], stacked: true },
    {
      title: "Throttled, blocked and failed calls",
      metrics: [
        lambda("Throttles", "Sum"),
        lambda("Errors", "Sum"),
        gateway("serverErrors", "Sum"),
        gateway("clientErrors", "Sum"),
        throttledCalls,
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

/** The dashboard of the webhook. */
export function dashboard(door: FrontDoor): Template {
  const fields = ["cluster", "failure", "message", "fault", "uid"];
  return { Dashboard: dashboardOf(admissionFunction, graphsOf(door), fields) };
}
