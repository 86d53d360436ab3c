import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type HttpEvent, type HttpResult, requestOf, resultOf } from "./http.ts";
import { type Edges, failure, respond } from "./respond.ts";

/**
 * The Lambda handler. middy stands around it: whatever is thrown, and a function that is about to be ended, becomes a 500 that says
 * nothing of the inside.
 */
export const createHandler = (edges: Edges) =>
  middy<HttpEvent, HttpResult>({
    timeoutEarlyInMillis: 100,
    timeoutEarlyResponse: () => {
      throw new Error("the function is about to be ended");
    },
  })
    .use({
      onError: (request) => {
        console.error(JSON.stringify({ message: "the handler failed", error: String(request.error?.stack) }));
        request.response = resultOf(
          request.event,
          failure(500, "InternalError", "the webhook failed; its log says why"),
        );
      },
    })
    .handler(async (event: HttpEvent, context: Context) => {
      const response = await respond(edges, requestOf(event), context.getRemainingTimeInMillis());
      return resultOf(event, response);
    });
