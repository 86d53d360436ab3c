import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyResult,
  APIGatewayProxyStructuredResultV2,
} from "aws-lambda";

/** An HTTP API v2 event (Function URLs send the same) or a REST API v1 event. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent;
export type HttpResult = APIGatewayProxyStructuredResultV2 | APIGatewayProxyResult;

/** A request, whichever gateway it came through. */
export interface HttpRequest {
  readonly method: string;
  /** Without stage and query, still percent-encoded. */
  readonly path: string;
  /** Of a parameter that is given twice, whatever the gateway makes of it. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** A header by its lower-case name; empty where there is none. */
  readonly header: (name: string) => string;
  /** The body has so many bytes at least, known at once: text is not counted through. Nothing is looked at before it is called. */
  readonly size: () => number;
  readonly body: () => string;
  /** When the gateway got the request, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly json: unknown;
}

/** Reads an event; throws a TypeError for one of another shape. */
export function requestOf(event: HttpEvent): HttpRequest {
  const common = {
    query: event.queryStringParameters ?? {},
    header: (name: string) => headerOf(event.headers ?? {}, name),
    size: () => sizeOf(event.body ?? "", event.isBase64Encoded),
    body: () => textOf(event.body ?? "", event.isBase64Encoded),
  };
  if ("rawPath" in event) {
    const { http, stage, timeEpoch } = event.requestContext;
    return {
      ...common,
      method: http.method,
      path: withoutStage(event.rawPath, stage),
      receivedAt: timeEpoch ?? Date.now(),
    };
  }
  if (typeof event.path !== "string" || typeof event.httpMethod !== "string")
    throw Object.assign(new TypeError("the event comes from no HTTP API, REST API or Function URL"), {
      name: "UnknownEventError",
    });
  const receivedAt = event.requestContext?.requestTimeEpoch ?? Date.now();
  return { ...common, method: event.httpMethod, path: event.path, receivedAt };
}

/** Writes an answer in the event's own kind. Every answer is JSON, and none may be kept. */
export function resultOf(event: HttpEvent, { status, json }: HttpResponse): HttpResult {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  const result = { statusCode: status, body: JSON.stringify(json), isBase64Encoded: false };
  // What is not even an object is answered too: whoever invokes the function itself can send anything.
  return "rawPath" in Object(event)
    ? { ...result, headers }
    : {
        ...result,
        multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      };
}

/** A named stage of an HTTP API stands in front of the path; REST APIs have taken theirs off. */
const withoutStage = (path: string, stage: string | undefined): string =>
  stage && path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;

/** REST APIs keep the case of header names. */
const headerOf = (headers: Readonly<Record<string, string | undefined>>, wanted: string): string =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";

const sizeOf = (body: string, base64: boolean): number => (base64 ? Buffer.byteLength(body, "base64") : body.length);

const textOf = (body: string, base64: boolean): string =>
  base64 ? Buffer.from(body, "base64").toString("utf8") : body;
