import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { HttpEvent } from "../../functions/gateway/read-event.ts";
import type { Endpoint } from "../../lib/decision/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { readText } from "../command-line/files.ts";
import { UsageError } from "../command-line/usage.ts";
import { type ProxySample, readProxySample } from "./proxy-sample.ts";

/** The result that an event of `events/webhook/` expects. Reviews from elsewhere expect nothing. */
export interface Expectation {
  readonly endpoint?: Endpoint;
  /** The HTTP status; 200 where absent. */
  readonly status?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly effective?: string;
  /** Exactly these, in any order. */
  readonly questions?: readonly string[];
}

/** A file that can be sent to the handler of the webhook. */
export interface Sample {
  readonly door: "webhook";
  readonly name: string;
  readonly event: HttpEvent;
  readonly expect: Expectation;
  /** Whether the file names its endpoint. */
  readonly hasEndpoint: boolean;
  /** The request of the review, where the file holds one. */
  readonly request: JsonObject | undefined;
}

/** Reads a file (`-`: standard input) that holds an AdmissionReview, an API Gateway event, or a request to the proxy. */
export function readSample(file: string, endpoint: Endpoint): Sample | ProxySample {
  const text = readText(file);
  const name = file === "-" ? "-" : file.replace(/^.*[/\\]/, "").replace(/\.json$/, "");
  const content = parse(file, text);
  const expect = (content["expect"] ?? {}) as Expectation;
  if ("rawPath" in content || "httpMethod" in content) {
    const event = asOfNow(content as unknown as HttpEvent);
    return { door: "webhook", name, event, expect, hasEndpoint: true, request: requestOf(bodyText(event)) };
  }
  if (content["kind"] === "AdmissionReview") {
    const event = eventOf(`/${expect.endpoint ?? endpoint}`, text);
    const hasEndpoint = expect.endpoint !== undefined;
    return { door: "webhook", name, event, expect, hasEndpoint, request: requestOf(text) };
  }
  if ("target" in content) return readProxySample(file, name, content);
  throw new UsageError(
    `${file} holds no AdmissionReview (kind), no API Gateway event (rawPath or httpMethod) and no request to the proxy (target)`,
  );
}

const parse = (file: string, text: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as JsonObject;
  } catch {}
  throw new UsageError(`${file} is not a JSON object`);
};

/** A copy that was received now: the time to answer a recorded event is over. */
const asOfNow = (event: HttpEvent): HttpEvent => {
  const now = Date.now();
  const requestContext = { ...event.requestContext, timeEpoch: now, requestTimeEpoch: now };
  return { ...event, requestContext } as HttpEvent;
};

const bodyText = ({ body, isBase64Encoded }: HttpEvent): string =>
  isBase64Encoded ? Buffer.from(body ?? "", "base64").toString("utf8") : (body ?? "");

const requestOf = (text: string): JsonObject | undefined => {
  try {
    const { request } = JSON.parse(text);
    return isObject(request) ? request : undefined;
  } catch {
    return undefined;
  }
};

/** The call that an API server would make, as an HTTP API forwards it. */
const eventOf = (path: string, body: string): APIGatewayProxyEventV2 =>
  ({
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "timeout=10s",
    queryStringParameters: { timeout: "10s" },
    headers: { "content-type": "application/json" },
    requestContext: { http: { method: "POST", path }, stage: "$default", timeEpoch: Date.now() },
    body,
    isBase64Encoded: false,
  }) as unknown as APIGatewayProxyEventV2;

/** The part of an invocation's context that the function reads. */
export const sampleContext = { getRemainingTimeInMillis: () => 15_000 } as Context;
