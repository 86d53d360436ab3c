/** The gateway in front of the function, with the names that alarms and dashboard need. */
export interface FrontDoor {
  /** The logical id of the API. */
  readonly api: string;
  /** The logical id of the log group of its access log. */
  readonly accessLog: string;
  /** CloudWatch's names of its own metrics (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html). */
  readonly metrics: { readonly serverErrors: string; readonly clientErrors: string; readonly latency: string };
  /** The dimensions of these metrics, as `Fn::Sub` reads them. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** CloudWatch's name of the web ACL in front of the gateway, as `Fn::Sub` reads it; undefined without a web ACL. */
  readonly firewall?: string;
}

/**
 * The format of an access log line. Path, resource and headers are left out, because they may hold a key. `$context.apiId` is the dimension of
 * the metric of throttled calls.
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
