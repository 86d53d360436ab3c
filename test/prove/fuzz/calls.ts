import assert from "node:assert/strict";
import type { Context } from "aws-lambda";
import fc from "fast-check";
import type { Ask } from "../../../functions/cluster/ask.ts";
import type { HttpEvent } from "../../../functions/gateway/read-event.ts";
import { logLine } from "../../../functions/telemetry/log-line.ts";
import { hashOfKey } from "../../../functions/webhook/caller-key.ts";
import { createHandler } from "../../../functions/webhook/handler.ts";
import { type Entry, splitEntry } from "../../../functions/webhook/log-entries.ts";
import { type Endpoint, isProblem, type JsonObject, readReview } from "../../../lib/index.ts";
import type { ResourceQuestion } from "../../../lib/question/index.ts";
import { odd } from "../../support/arbitrary/values.ts";
import { gateways } from "../../support/gateway-events.ts";
import { authorizerOf } from "./answers.ts";
import { hostile } from "./hostile.ts";
import { type Library, policyOf, secret, type Trial } from "./properties.ts";
import { count, type Tally } from "./tally.ts";
import { honest } from "./worlds.ts";

const key = "a-key-of-prod";
const keys = [hashOfKey(key)];

/** A trial, and the call that brings it. */
export interface CalledTrial extends Trial {
  readonly gateway: keyof typeof gateways;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly method: string;
  readonly base64: boolean;
  /** Replaces members of the event, by the names on the way to each. */
  readonly odd: readonly (readonly [path: readonly string[], value: unknown])[];
  /** How the access behaves: it answers, answers too few questions, or breaks its promise never to reject. */
  readonly access: "answers" | "forgets" | "rejects";
}

const often = <T>(usual: T, ...unusual: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...unusual) });
const json = { "content-type": "application/json" };
const places: readonly (readonly string[])[] = [
  [],
  ...["body", "isBase64Encoded", "headers", "queryStringParameters", "path", "rawPath", "httpMethod"].map((one) => [
    one,
  ]),
  ...["requestContext", "version", "multiValueHeaders", "__proto__"].map((one) => [one]),
  ...["http", "stage", "timeEpoch", "requestTimeEpoch"].map((one) => ["requestContext", one]),
  ...["content-type", "authorization", "traceparent"].map((one) => ["headers", one]),
  ["queryStringParameters", "timeout"],
];

const route = fc
  .constantFrom<Endpoint>("mutate", "validate")
  .chain((endpoint) =>
    often(
      `/clusters/prod/${key}/${endpoint}`,
      `/clusters/prod/${endpoint}`,
      `/clusters/prod/another/${endpoint}`,
      `/clusters/__proto__/${key}/${endpoint}`,
      `/${endpoint}`,
      `/clusters/prod/${key}/%6dutate`,
      "/livez",
      "/readyz",
      "",
    ),
  );

/** Calls as gateways send them: most are right, some have a fault, and a few would come from no gateway. */
export const calls: fc.Arbitrary<CalledTrial> = fc
  .record({
    trial: fc.oneof({ weight: 4, arbitrary: honest }, { weight: 1, arbitrary: hostile }),
    gateway: fc.constantFrom(...(Object.keys(gateways) as (keyof typeof gateways)[])),
    path: route,
    headers: often<Readonly<Record<string, string>>>(
      json,
      { "Content-Type": "Application/JSON; charset=utf-8", traceparent: "00-1-2-3" },
      { ...json, authorization: `Bearer ${key}` },
      { ...json, authorization: "Bearer \u0000" },
      { "content-type": "text/plain" },
      {},
    ),
    query: often<Readonly<Record<string, string>>>({ timeout: "10s" }, {}, { timeout: "1s" }, { timeout: "-1e9" }),
    method: often("POST", "GET", "__proto__"),
    base64: fc.boolean(),
    odd: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.tuple(fc.constantFrom(...places), odd), { minLength: 1, maxLength: 2 }) },
    ),
    access: often<CalledTrial["access"]>("answers", "forgets", "rejects"),
  })
  .map(({ trial, ...call }) => ({ ...trial, ...call }));

const replaced = (event: unknown, [member, ...rest]: readonly string[], value: unknown): unknown => {
  if (member === undefined) return value;
  const members = typeof event === "object" && event !== null ? event : {};
  const before = Object.hasOwn(members, member) ? (members as JsonObject)[member] : undefined;
  return { ...members, [member]: replaced(before, rest, value) };
};

const context = {
  awsRequestId: "705ab4f5-6393-11e8-b7cc-42010a800002",
  getRemainingTimeInMillis: () => 15_000,
} as unknown as Context;

/** Asserts the properties of every answer of the handler: HTTP, with JSON that names its type. */
const assertAnswer = (result: unknown): readonly [status: number, json: JsonObject] => {
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded, ...rest } = result as JsonObject;
  assert.deepEqual(rest, {}, "an answer has no more than that");
  assert.deepEqual(
    headers ?? multiValueHeaders,
    headers
      ? { "content-type": "application/json", "cache-control": "no-store" }
      : { "content-type": ["application/json"], "cache-control": ["no-store"] },
  );
  assert.equal(isBase64Encoded, false);
  assert.ok(typeof statusCode === "number" && typeof body === "string", "an answer has a status and a body");
  assert.ok(!/\.[jt]s:\d|node:internal|node_modules/.test(body), "nothing of the inside is told");
  const answer: JsonObject = JSON.parse(body);
  if (statusCode !== 200) {
    const { message, reason, ...status } = answer;
    assert.deepEqual(status, { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure", code: statusCode });
    assert.ok(typeof message === "string" && message !== "" && typeof reason === "string", "a failure says what it is");
    assert.ok([400, 404, 413, 415, 500].includes(statusCode), `a status that is known, not ${statusCode}`);
  }
  return [statusCode, answer];
};

/** Asserts that the log of a call is machine-readable and holds no other part of the object. */
const assertLogged = (entries: readonly Entry[]): void => {
  assert.ok(entries.length <= 1, "a call is one entry");
  for (const entry of entries) {
    const line = logLine(splitEntry(entry), "fuzz", 0);
    JSON.parse(line);
    assert.ok(!line.includes("\n") && Buffer.byteLength(line) <= 256 * 1024, "an entry is one line of what fits");
    assert.ok(!line.includes(secret), "nothing else of the object is logged");
  }
};

/** The endpoint that a call without anything odd reaches, undefined for none. */
const endpointOf = ({ method, path, headers }: CalledTrial): Endpoint | undefined => {
  const endpoint = path.endsWith("/validate") ? "validate" : "mutate";
  const byPath = path === `/clusters/prod/${key}/${endpoint}`;
  const byToken = path === `/clusters/prod/${endpoint}` && headers["authorization"] === `Bearer ${key}`;
  return method === "POST" && (byPath || byToken) ? endpoint : undefined;
};

/** Sends a call through the whole handler. The answer has a known shape; for a regular call it is the library's own. */
export const checkCall = async (library: Library, trial: CalledTrial, tally: Tally): Promise<void> => {
  const { text, policy: policyText, replies, gateway, base64, access, ...call } = trial;
  const policy = policyOf(policyText);
  const { answer } = authorizerOf(replies);
  const ask: Ask = async (questions) => {
    if (access === "rejects") throw new Error(`no access at ${import.meta.filename}:1`);
    return questions.slice(access === "forgets" ? 1 : 0).map((question) => answer(question as ResourceQuestion));
  };
  const logged: Entry[] = [];
  const clusters = new Map([["prod", { name: "prod", keys, policy, ask }]]);
  const handler = createHandler({ registry: { clusters, problems: [] }, log: (entry) => logged.push(entry) });
  const whole = gateways[gateway]({ ...call, body: text, base64 });
  const event = trial.odd.reduce<unknown>((now, [path, value]) => replaced(now, path, value), whole) as HttpEvent;

  const started = performance.now();
  const [status, json] = assertAnswer(await handler(event, context));
  const milliseconds = performance.now() - started;
  tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
  assertLogged(logged);
  const entry = logged.find(({ event }) => event === "decision");
  if (entry?.event === "decision") {
    tally.reviews.handled += 1;
    count(tally, entry, milliseconds, text.length);
  }
  if (trial.odd.length > 0) return;

  const endpoint = endpointOf(trial);
  const isProbe = trial.method === "GET" && (call.path === "/livez" || call.path === "/readyz");
  // The platform replaces half characters when it decodes, so such a text does not come back unchanged.
  const decoded = base64 ? Buffer.from(text).toString() : text;
  const review = readReview(decoded);
  const isJson = /json/i.test(trial.headers["content-type"] ?? trial.headers["Content-Type"] ?? "");
  const expected = isProbe ? 200 : !endpoint ? 404 : !isJson ? 415 : isProblem(review) ? 400 : 200;
  assert.equal(status, expected, "the status is what the call deserves");
  if (status !== 200 || isProbe || !endpoint || isProblem(review)) return;
  const judgement = library.judge(policy, review.request, endpoint);
  const answers = judgement.questions
    .slice(access === "forgets" ? 1 : 0)
    .map((question) => answer(question as ResourceQuestion));
  if (access === "rejects" && judgement.questions.length > 0) {
    const { uid, allowed } = json["response"] as JsonObject;
    assert.deepEqual({ uid, allowed }, { uid: review.uid, allowed: policy.enforcement !== "enforce" });
    return;
  }
  const outcome = library.conclude(judgement, answers);
  const said = library.writeReview(review, outcome, (patch) => Buffer.from(patch).toString("base64"));
  assert.deepEqual(json, JSON.parse(JSON.stringify(said)), "the handler says what the library says");
};
