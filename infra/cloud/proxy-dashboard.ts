import { proxyFunction, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import { dashboardOf, graphLines } from "./graphs.ts";

/** The dashboard of the proxy's function. */
export function proxyDashboard(door: FrontDoor): Template {
  const { total, each, lambda, gateway, throttledCalls } = graphLines(proxyFunction, door);
  const graphs = [
    { title: "Requests", metrics: [each("Requests", 0, "Sum")], stacked: true },
    { title: "Failed requests by cluster", metrics: [each("FailedRequests", 0, "Sum")], stacked: true },
    { title: "Refused requests by status", metrics: [each("RefusedRequests", 0, "Sum")], stacked: true },
    { title: "Refused requests by reason", metrics: [each("RefusedRequests", 1, "Sum")], stacked: true },
    { title: "Requests by cluster, p99 ms", metrics: [each("RequestMilliseconds", 0, "p99")] },
    {
      title: "Requests, ms",
      metrics: [
        total("RequestMilliseconds", "p50", "p50"),
        total("RequestMilliseconds", "p99", "p99"),
        total("RequestMilliseconds", "Maximum", "slowest"),
      ],
    },
    { title: "Questions to the API servers", metrics: [total("Questions", "Sum"), total("TokenReviews", "Sum")] },
    { title: "Gateway, ms", metrics: [gateway("latency", "p50"), gateway("latency", "p99")] },
    {
      title: "Throttled and failed calls",
      metrics: [
        lambda("Throttles", "Sum"),
        lambda("Errors", "Sum"),
        gateway("serverErrors", "Sum"),
        gateway("clientErrors", "Sum"),
        throttledCalls,
      ],
    },
    {
      title: "Instances",
      metrics: [lambda("ConcurrentExecutions", "Maximum"), lambda("Invocations", "Sum"), total("ColdStarts", "Sum")],
    },
    {
      title: "Registry",
      metrics: [
        total("RegistryClusters", "Minimum"),
        total("RegistryProblems", "Maximum"),
        total("RefreshFailed", "Sum"),
        total("RegistryAgeSeconds", "Maximum"),
      ],
    },
  ];
  return dashboardOf(proxyFunction, graphs, ["cluster", "status", "reason", "problem", "message", "fault"]);
}
