import type { APIGatewayProxyResult, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { HttpEvent } from "./read-event.ts";

export type HttpResult = APIGatewayProxyStructuredResultV2 | APIGatewayProxyResult;

export interface HttpResponse {
  readonly status: number;
  readonly json: unknown;
}

/** Writes a response in the shape that the event's gateway takes. Every response is JSON that no cache may keep. */
export function writeResult(event: HttpEvent, { status, json }: HttpResponse): HttpResult {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  const result = { statusCode: status, body: JSON.stringify(json), isBase64Encoded: false };
  // An event that is not even an object gets a response too: an invocation by hand can send anything.
  return "rawPath" in Object(event)
    ? { ...result, headers }
    : {
        ...result,
        multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      };
}
