import { conclude, type Endpoint, judge, type Outcome } from "../../lib/decision/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { statusObject } from "../../lib/meta/status.ts";
import type { Policy } from "../../lib/policy/index.ts";
import type { Answer, Question } from "../../lib/question/index.ts";
import { type AdmissionReview, readReview, writeReview } from "../../lib/review/index.ts";
import { isRefusal } from "../cluster/access-failure.ts";
import type { HttpRequest } from "../gateway/read-event.ts";
import type { HttpResponse } from "../gateway/write-result.ts";
import type { KeptRegistry } from "../registry/keep-registry.ts";
import type { Registry } from "../registry/read-registry.ts";
import { framesOf } from "../telemetry/frames.ts";
import { isCallerKey } from "./caller-key.ts";
import { deadlineOf } from "./deadline.ts";
import { failureOf } from "./failure-class.ts";
import type { Log } from "./log-entries.ts";
import type { WebhookCluster } from "./webhook-cluster.ts";

/** What the handler needs from outside. */
export interface Dependencies {
  readonly registry: Registry<WebhookCluster> & Partial<KeptRegistry<WebhookCluster>>;
  /** The cluster behind `POST /mutate` and `/validate`, which need no key. Only the local server has one. */
  readonly local?: WebhookCluster;
  /** Gets one entry for every decision, and for every call without one. */
  readonly log: Log;
}

/** The largest event that Lambda accepts. */
const mostBytes = 6 * 1024 * 1024;

/**
 * Answers a request. The caller's key is checked before the body is read. A review that can be answered is answered with 200, whatever the
 * decision; every other answer is a `metav1.Status`.
 *
 * @param remaining milliseconds until the function is ended
 */
export async function respond(
  dependencies: Dependencies,
  request: HttpRequest,
  remaining: number,
): Promise<HttpResponse> {
  const started = performance.now();
  const { method, path } = request;
  if (method === "GET" && path === "/livez") return { status: 200, json: { status: "ok" } };
  const deadline = deadlineOf(request.receivedAt, request.query["timeout"], remaining);
  const doubt = await dependencies.registry.current?.(deadline);
  if (method === "GET" && path === "/readyz") return readiness(dependencies, doubt);
  const route = method === "POST" ? routeOf(dependencies, request) : undefined;
  if (!route) return failure(404, "unknown path, cluster or key");
  const size = request.size();
  if (size > mostBytes) return failure(413, `the body has ${size} bytes or more; the limit is ${mostBytes}`);
  if (!/^application\/json *(;|$)/i.test(request.header("content-type")))
    return failure(415, "the Content-Type must be application/json");
  if (size === 0) return failure(400, "the body is empty; send an AdmissionReview");
  const review = readReview(request.body());
  if (isProblem(review)) return failure(400, review.problem);
  const refreshed = dependencies.registry.refreshed?.(deadline);
  const json = await answer(dependencies, { route, review, deadline, doubt }, started);
  await refreshed;
  return { status: 200, json };
}

interface Route {
  readonly cluster: WebhookCluster;
  readonly endpoint: Endpoint;
  /** Whether the caller's key opens an entry of the registry. */
  readonly opens: (cluster: WebhookCluster) => boolean;
}

/** A review whose caller is known. */
interface Call {
  readonly route: Route;
  readonly review: AdmissionReview;
  readonly deadline: number;
  /** Why the registry cannot be relied on. */
  readonly doubt: string | undefined;
}

/**
 * The path alone names the cluster. The key stands there too, or is the bearer token where the API server can send one. A wrong key and an
 * unknown cluster get the same answer in the same time.
 */
const routeOf = ({ registry, local }: Dependencies, { path, header }: HttpRequest): Route | undefined => {
  const [, name, key, keyed, keyless] =
    /^(?:\/clusters\/([^/]+)(?:\/([^/]+))?\/(mutate|validate)|\/(mutate|validate))$/.exec(path) ?? [];
  if (keyless) return local && { cluster: local, endpoint: keyless as Endpoint, opens: () => false };
  if (!keyed) return undefined;
  const given = key ?? bearerOf(header("authorization"));
  const cluster = registry.clusters.get(name ?? "");
  const opens = ({ keys }: Pick<WebhookCluster, "keys">) => isCallerKey(given, keys);
  return opens(cluster ?? { keys: [] }) && cluster ? { cluster, endpoint: keyed as Endpoint, opens } : undefined;
};

/** Whether a request is a call of a known caller. The body of any other need not be read. */
export function isOfKnownCaller(dependencies: Dependencies, request: HttpRequest): boolean {
  return request.method === "POST" && routeOf(dependencies, request) !== undefined;
}

const bearerOf = (authorization: string): string => /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";

const readiness = ({ registry, local }: Dependencies, doubt: string | undefined): HttpResponse =>
  local || (registry.clusters.size > 0 && doubt === undefined)
    ? { status: 200, json: { status: "ok" } }
    : failure(503, doubt ?? "no registry of clusters is loaded; the log says why");

const answer = async (dependencies: Dependencies, call: Call, started: number) => {
  const { outcome, ...asking } = await decide(dependencies, call);
  const { review } = call;
  const { cluster, endpoint } = call.route;
  const { decision, reason, message, enforcement, requester, declared, effective } = outcome;
  const { request, uid, dryRun, subject } = review;
  const { resource, namespace, operation } = isProblem(request)
    ? { resource: undefined, namespace: "", operation: "" }
    : request;
  dependencies.log({
    event: "decision",
    cluster: cluster.name,
    endpoint,
    uid,
    resource: resource ? `${resource.resource}.${resource.version}.${resource.group}` : "",
    namespace,
    name: subject.name,
    operation,
    dryRun,
    decision,
    reason,
    message,
    enforcement,
    requester,
    declared,
    effective,
    ...asking,
    milliseconds: since(started),
  });
  return writeReview(review, outcome, (text) => Buffer.from(text).toString("base64"));
};

/** In milliseconds, to a tenth. */
const since = (started: number): number => Math.round((performance.now() - started) * 10) / 10;

/**
 * An internal error is handled like an unreadable review: denied under `enforce`. Without a reliable registry the policy is unknown too,
 * and every review is denied.
 */
const decide = async (dependencies: Dependencies, { route, review: { request }, deadline, doubt }: Call) => {
  const { cluster, endpoint } = route;
  if (doubt !== undefined && cluster !== dependencies.local)
    return { outcome: unreliable(cluster, request, doubt), ...nothingAsked, failure: "registry-outdated" as const };
  try {
    const judgement = judge(cluster.policy, request, endpoint);
    const questions = judgement.questions.length;
    const started = performance.now();
    const answers = questions > 0 ? await ask(dependencies, route, judgement.questions, deadline) : [];
    const questionMilliseconds = questions > 0 ? since(started) : 0;
    const outcome = conclude(judgement, answers);
    const failure = failureOf(outcome, answers);
    return { outcome, questions, questionMilliseconds, ...(failure && { failure }) };
  } catch (error) {
    const outcome = unjudged(cluster.policy, "the webhook failed to judge this review; its log has the uid");
    return { outcome, ...nothingAsked, failure: "fault" as const, fault: framesOf(error) };
  }
};

const nothingAsked = { questions: 0, questionMilliseconds: 0 };

const unjudged = (policy: Policy, problem: string): Outcome => conclude(judge(policy, { problem }, "validate"), []);

const unreliable = ({ policy }: WebhookCluster, request: AdmissionReview["request"], doubt: string): Outcome => ({
  ...unjudged({ ...policy, enforcement: "enforce" }, doubt),
  reason: "no-answer",
  code: 503,
  requester: isProblem(request) || isProblem(request.requester) ? "" : request.requester.username,
});

/**
 * Asks the caller's cluster. Where it refuses our credentials (401), the registry is read again. If another entry has the cluster's name
 * then, and the caller's key opens that one too, the questions are asked of it, once.
 */
const ask = async (
  { registry }: Dependencies,
  { cluster, opens }: Route,
  questions: readonly Question[],
  deadline: number,
): Promise<readonly Answer[]> => {
  const answers = await cluster.ask(questions, deadline);
  if (!answers.some(isRefusal)) return answers;
  const other = await registry.renewed?.(cluster, deadline);
  return other && opens(other) ? other.ask(questions, deadline) : answers;
};

/** A `metav1.Status`, which the API server shows to the user. */
export function failure(code: number, message: string): HttpResponse {
  return { status: code, json: statusObject(code, message) };
}
