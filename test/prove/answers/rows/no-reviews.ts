import { statusObject } from "../../../../lib/meta/status.ts";
import { callFailed, created, notCalled } from "../expected.ts";
import type { Expected, Reply, Row } from "../row.ts";

/*
 * What a requester reads where the function, or the gateway in front of it, answers with something else than a review
 * (`transformResponse` and `NewGenericServerResponse` of client-go and apimachinery).
 */

const own = { spec: { clusterAuth: { impersonateUser: "bob" } } };

const row = (name: string, reply: Row["reply"] & {}, expected: Expected): readonly Row[] => [
  ...(["mutate", "validate"] as const).map((registration) => ({
    class: "replies that are not a review" as const,
    name,
    registration,
    request: own,
    reply,
    expected,
  })),
];

/** What the function answers where there is nothing to judge. */
const ours = (code: number, message: string): readonly Row[] =>
  row(
    `the function's own ${code}`,
    () => ({ status: code, body: JSON.stringify(statusObject(code, message)), headers: jsonType }),
    notCalled(message),
  );

const jsonType = { "content-type": "application/json" };
const gateway =
  (status: number, message: string): (() => Reply) =>
  () => ({ status, headers: jsonType, body: JSON.stringify({ message }) });
const unknown = 'an error on the server ("unknown") has prevented the request from succeeding';

export const noReviewRows: readonly Row[] = [
  ...ours(400, "the body is not JSON"),
  ...ours(404, "unknown path, cluster or key"),
  ...ours(413, "the body has 6291457 bytes or more; the limit is 6291456"),
  ...ours(415, "the Content-Type must be application/json"),
  ...ours(500, "the webhook failed; its log says why"),
  ...row("API Gateway's 403", gateway(403, "Forbidden"), notCalled("unknown")),
  ...row("API Gateway's 404", gateway(404, "Not Found"), notCalled("the server could not find the requested resource")),
  ...row(
    "API Gateway's 413",
    gateway(413, "Request Entity Too Large"),
    notCalled("the server responded with the status code 413 but did not return more information"),
  ),
  ...row(
    "API Gateway's 429",
    gateway(429, "Too Many Requests"),
    notCalled("the server has received too many requests and has asked us to try again later"),
  ),
  ...row("API Gateway's 500", gateway(500, "Internal Server Error"), notCalled(unknown)),
  ...row("API Gateway's 502", gateway(502, "Bad Gateway"), notCalled(unknown)),
  ...row(
    "API Gateway's 503",
    gateway(503, "Service Unavailable"),
    notCalled("the server is currently unable to handle the request"),
  ),
  ...row(
    "API Gateway's 504",
    gateway(504, "Endpoint request timed out"),
    notCalled(
      "the server was unable to return a response in the time allotted, but may still be processing the request",
    ),
  ),
  ...row(
    "a Status with 200",
    () => ({ body: JSON.stringify(statusObject(503, "not now")) }),
    notCalled("converting (v1.Status) to (v1.AdmissionReview): unknown conversion"),
  ),
  ...row(
    "no body",
    () => ({ body: "" }),
    notCalled("0-length response with status code: 200 and content type: application/json"),
  ),
  ...row(
    "half of an answer",
    (text) => ({ body: text.slice(0, -2) }),
    notCalled("couldn't get version/kind; json parse error: unexpected end of JSON input"),
  ),
  ...row("{}", () => ({ body: "{}" }), callFailed("received invalid webhook response: webhook response was absent")),
  ...row(
    "our answer, said to be text",
    (body) => ({ body, headers: { "content-type": "text/plain" } }),
    created("bob", {
      annotations: { decision: "self", reason: "requester", requester: "bob", declared: "bob", effective: "bob" },
    }),
  ),
];
