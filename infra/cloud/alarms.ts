import type { Metric } from "../../functions/telemetry/metrics.ts";
import {
  type Alarm,
  alarmResources,
  lambdaMetric,
  ownMetric,
  period,
  serverErrorsMetric,
  throttledMetric,
} from "./alarm.ts";
import { admissionFunction, ref, sub, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";

const sumOf = (id: string, name: Metric): Template => {
  const { Statistic, Period, ...Metric } = ownMetric(admissionFunction, name, "Sum");
  return { Id: id, MetricStat: { Metric, Period, Stat: Statistic }, ReturnData: false };
};

/**
 * The share of reviews that failed, in percent. Fewer than three failures in five minutes do not count. Twenty always do, because one broken
 * cluster of a large fleet has a small share. A fault of the function's own code is a failure without a decision.
 */
const failureRate: Template = {
  Metrics: [
    sumOf("failures", "Failures"),
    sumOf("decisions", "Decisions"),
    {
      Id: "rate",
      Label: "failures, % of reviews",
      Expression: "IF(failures < 3, 0, IF(failures >= 20, 100, 100 * failures / FILL(decisions, 1)))",
      ReturnData: true,
    },
  ],
};

/** WAF counts the blocked calls of a web ACL under the metric name of the ACL; `ALL` means all its rules. */
const firewallBlocked = (webAcl: string): Alarm => ({
  name: "FirewallBlocked",
  description:
    "The web ACL blocked calls: too many calls used one path or came from one address, or a request was too long. Writes of a cluster failed.",
  metric: {
    Namespace: "AWS/WAFV2",
    MetricName: "BlockedRequests",
    Dimensions: [
      { Name: "WebACL", Value: sub(webAcl) },
      { Name: "Rule", Value: "ALL" },
      { Name: "Region", Value: ref("AWS::Region") },
    ],
    Statistic: "Sum",
    Period: period,
  },
  threshold: 0,
  periods: [1, 1],
});

const alarmsOf = ({ registryMaxAge, registryDeadAge }: DeploymentSettings, door: FrontDoor): readonly Alarm[] => [
  {
    name: "DeniedByError",
    description:
      "More than 5 % of the reviews, or twenty reviews in five minutes, could not be judged. They were denied, so writes fail in a cluster.",
    metric: failureRate,
    threshold: 5,
    periods: [2, 3],
  },
  {
    name: "SlowAnswers",
    description:
      "An API server takes longer than a second to answer SubjectAccessReviews (p99). A review whose answers miss the deadline is denied.",
    metric: ownMetric(admissionFunction, "QuestionMilliseconds", "p99"),
    threshold: 1000,
    periods: [3, 3],
  },
  {
    name: "FunctionThrottled",
    description: "Lambda throttled calls: the function used all of its concurrency. The writes failed.",
    metric: lambdaMetric(admissionFunction, "Throttles"),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "GatewayThrottled",
    description: "The gateway throttled calls: they exceeded throttleRate and throttleBurst. The writes failed.",
    metric: throttledMetric(door),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "FunctionErrors",
    description:
      "Invocations of the function ended without an answer: the function did not start, timed out or ran out of memory.",
    metric: lambdaMetric(admissionFunction, "Errors"),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "GatewayErrors",
    description: "The gateway answered 5xx: the function could not be invoked, or it failed.",
    metric: serverErrorsMetric(door),
    threshold: 0,
    periods: [2, 3],
  },
  {
    name: "RegistryProblems",
    description:
      "Contexts of the registry were left out because they are unusable. Calls of their clusters are answered with 404.",
    metric: ownMetric(admissionFunction, "RegistryProblems", "Maximum"),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "RefreshFailed",
    description:
      "The registry could not be read again. The function uses the last version that it read; new clusters and keys are unknown to it.",
    metric: ownMetric(admissionFunction, "RefreshFailed", "Sum"),
    threshold: 0,
    periods: [2, 3],
  },
  {
    name: "RegistryStale",
    description:
      "The registry could not be read again for a long time. When its age reaches registryDeadAge, every review is denied.",
    metric: ownMetric(admissionFunction, "RegistryAgeSeconds", "Maximum"),
    threshold: Math.min(registryMaxAge + 3600, registryDeadAge / 2),
    periods: [1, 1],
  },
  {
    name: "RefusedCalls",
    description:
      "Over a hundred calls got no verdict, mostly because the cluster is unknown or the key is wrong. An API server has an old key, or an attacker tries keys.",
    metric: ownMetric(admissionFunction, "RefusedCalls", "Sum"),
    threshold: 100,
    periods: [1, 1],
  },
  ...(door.firewall === undefined ? [] : [firewallBlocked(door.firewall)]),
];

/** All alarms of the webhook. */
export function alarms(settings: DeploymentSettings, door: FrontDoor): Template {
  return alarmResources(alarmsOf(settings, door), admissionFunction, settings, "docs/operations.md");
}
