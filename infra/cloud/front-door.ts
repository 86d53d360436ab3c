/** The gateway in front of the function, as far as alarms and dashboard tell one from another. */
export interface FrontDoor {
  /** The logical id of the API. */
  readonly api: string;
  /** The logical id of the log group of its access log. */
  readonly accessLog: string;
  /** CloudWatch's names of its own metrics (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html). */
  readonly metrics: { readonly serverErrors: string; readonly clientErrors: string; readonly latency: string };
  /** Dimensions of those, as `Fn::Sub` reads them. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** CloudWatch's name of the web ACL in front of it, as `Fn::Sub` reads it; undefined where there is none. */
  readonly firewall?: string;
}

/**
 * One line of an access log. It has no path, no resource and no header: a key may stand there. `$context.apiId` is what throttled calls are
 * counted by.
 */
export const accessLogFormat = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  api: "$context.apiId",
  method: "$context.httpMethod",
  status: "$context.status",
  bytes: "$context.responseLength",
  ms: "$context.responseLatency",
});
