import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import type { HeaderLine } from "../../lib/meta/header-line.ts";

/** An HTTP API v2 event (Function URLs send the same) or a REST API v1 event. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent;

/** A request, whichever gateway it came through. */
export interface HttpRequest {
  readonly method: string;
  /** Without stage and query, still percent-encoded. */
  readonly path: string;
  /** For a repeated parameter the value depends on the gateway. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /**
   * Every header as a line, names in the case that the gateway hands over. A REST API (payload 1.0) keeps each repeat as a line of its
   * own. An HTTP API and a Function URL (payload 2.0) join repeats with commas, so that two lines look like one value with a comma, and
   * hand over cookies apart, which are left out here.
   */
  readonly headers: readonly HeaderLine[];
  /** The first line of a header, by its lower-case name; empty where there is none. */
  readonly header: (name: string) => string;
  /** A lower bound of the body's size in bytes, without scanning it. Lazy. */
  readonly size: () => number;
  /** Lazy, too. */
  readonly body: () => string;
  /** When the gateway received the request, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** Reads a gateway's event; throws a TypeError for one of another shape. */
export function readEvent(event: HttpEvent): HttpRequest {
  const headers = linesOf(event);
  const common = {
    query: event.queryStringParameters ?? {},
    headers,
    header: (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "",
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
    throw Object.assign(new TypeError("the event is not from an HTTP API, a REST API or a Function URL"), {
      name: "UnknownEventError",
    });
  const receivedAt = event.requestContext?.requestTimeEpoch ?? Date.now();
  return { ...common, method: event.httpMethod, path: event.path, receivedAt };
}

/** A console's test of a REST API sends null in place of headers. */
const linesOf = (event: HttpEvent): readonly HeaderLine[] => {
  const headers = ("multiValueHeaders" in event && event.multiValueHeaders) || event.headers || {};
  return Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => [name, value] as const),
  );
};

/** An HTTP API puts a named stage in front of the path; a REST API does not. */
const withoutStage = (path: string, stage: string | undefined): string =>
  stage && path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;

const sizeOf = (body: string, base64: boolean): number => (base64 ? Buffer.byteLength(body, "base64") : body.length);

const textOf = (body: string, base64: boolean): string =>
  base64 ? Buffer.from(body, "base64").toString("utf8") : body;
