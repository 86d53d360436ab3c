import { everywhere, type Metric } from "../../functions/telemetry/metrics.ts";
import { type Alarm, alarmResources, lambdaMetric, ownMetric, serverErrorsMetric, throttledMetric } from "./alarm.ts";
import { proxyFunction, ref, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";

const own = (name: Metric, statistic: string): Template => ownMetric(proxyFunction, name, statistic);

const refusedWith = (status: number): Template => ({
  ...own("RefusedRequests", "Sum"),
  Dimensions: [
    { Name: everywhere, Value: ref(proxyFunction) },
    { Name: "status", Value: String(status) },
  ],
});

const alarmsOf = ({ registryMaxAge, registryDeadAge }: DeploymentSettings, door: FrontDoor): readonly Alarm[] => [
  {
    name: "ProxyFailedRequests",
    description:
      "Over ten requests in five minutes failed in the proxy: an API server did not answer or broke its answer off, or an account of the proxy was refused.",
    metric: own("FailedRequests", "Sum"),
    threshold: 10,
    periods: [2, 3],
  },
  {
    name: "ProxyFunctionThrottled",
    description: "Lambda throttled calls: the function used all of its concurrency. A watch occupies one instance.",
    metric: lambdaMetric(proxyFunction, "Throttles"),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "ProxyFunctionErrors",
    description:
      "Over ten invocations in five minutes failed: answers were broken off, or the function did not start, timed out or ran out of memory.",
    metric: lambdaMetric(proxyFunction, "Errors"),
    threshold: 10,
    periods: [2, 3],
  },
  {
    name: "ProxyGatewayThrottled",
    description: "The gateway throttled calls: they exceeded throttleRate and throttleBurst.",
    metric: throttledMetric(door),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "ProxyGatewayErrors",
    description:
      "Over ten calls in five minutes were answered 5xx: by an API server, by the proxy, or by the gateway itself.",
    metric: serverErrorsMetric(door),
    threshold: 10,
    periods: [2, 3],
  },
  {
    name: "ProxyUnauthorized",
    description: "Over a hundred requests in five minutes had a credential that no cluster knows (401).",
    metric: refusedWith(401),
    threshold: 100,
    periods: [1, 1],
  },
  {
    name: "ProxyRegistryProblems",
    description:
      "Contexts of the proxy's registry were left out because they are unusable. Their clusters are not served.",
    metric: own("RegistryProblems", "Maximum"),
    threshold: 0,
    periods: [1, 1],
  },
  {
    name: "ProxyRefreshFailed",
    description:
      "The proxy's registry could not be read again. The function uses the last version that it read; new clusters and credentials are unknown to it.",
    metric: own("RefreshFailed", "Sum"),
    threshold: 0,
    periods: [2, 3],
  },
  {
    name: "ProxyRegistryStale",
    description:
      "The proxy's registry could not be read again for a long time. When its age reaches registryDeadAge, every request is refused.",
    metric: own("RegistryAgeSeconds", "Maximum"),
    threshold: Math.min(registryMaxAge + 3600, registryDeadAge / 2),
    periods: [1, 1],
  },
];

/** All alarms of the proxy's function. */
export function proxyAlarms(settings: DeploymentSettings, door: FrontDoor): Template {
  return alarmResources(alarmsOf(settings, door), proxyFunction, settings, "docs/proxy-lambda.md");
}
