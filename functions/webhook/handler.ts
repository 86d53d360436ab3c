import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type HttpEvent, type HttpRequest, readEvent } from "../gateway/read-event.ts";
import { type HttpResult, writeResult } from "../gateway/write-result.ts";
import { xrayHeader } from "../settings.ts";
import { framesOf } from "../telemetry/frames.ts";
import type { Invocation } from "../telemetry/log-line.ts";
import { traceIdOf, xrayTraceIdOf } from "../telemetry/trace.ts";
import { type Dependencies, failure, respond } from "./respond.ts";

/**
 * Creates the Lambda handler. middy wraps it: an error, and a function that is about to be ended, become a 500 that reveals nothing
 * internal.
 */
export function createHandler(dependencies: Dependencies) {
  let cold = true;
  return middy<HttpEvent, HttpResult>({
    timeoutEarlyInMillis: 100,
    timeoutEarlyResponse: () => {
      throw Object.assign(new Error("the function is about to be ended"), { name: "TimeoutError" });
    },
  })
    .use({
      onError: (request) => {
        const fault = framesOf(request.error);
        dependencies.log({ event: "fault", failure: "fault", fault, ...invocationOf(request.context) });
        request.response = writeResult(request.event, failure(500, "the webhook failed; its log says why"));
      },
    })
    .handler(async (event: HttpEvent, context: Context) => {
      const request = readEvent(event);
      const invocation = { cold, ...invocationOf(context, request) };
      cold = false;
      const log: Dependencies["log"] = (entry) => dependencies.log({ ...entry, ...invocation });
      const response = await respond({ ...dependencies, log }, request, context.getRemainingTimeInMillis());
      if (response.status >= 400) log({ event: "refused", status: response.status });
      return writeResult(event, response);
    });
}

/** The Node 24 runtime has the tracing header in the context as well, where another invocation cannot replace it. */
type Traced = Context & { readonly xRayTraceId?: string };

const invocationOf = (context: Context, request?: HttpRequest): Invocation => ({
  requestId: context.awsRequestId,
  traceId: traceIdOf(request?.header("traceparent") ?? ""),
  xrayTraceId: xrayTraceIdOf((context as Traced).xRayTraceId ?? xrayHeader()),
});
