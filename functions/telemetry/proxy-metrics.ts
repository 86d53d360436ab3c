import type { Definition } from "./metrics.ts";

/** The metrics of the proxy. In a file of its own, so that the webhook's function does not load them. */
export const proxyMetrics = {
  Requests: ["Count", ["cluster", "decision"]],
  RequestMilliseconds: ["Milliseconds", ["cluster"]],
  RefusedRequests: ["Count", ["status"], ["refusal"]],
  FailedRequests: ["Count", ["cluster"]],
  TokenReviews: ["Count", ["cluster"]],
} as const satisfies Readonly<Record<string, Definition>>;
