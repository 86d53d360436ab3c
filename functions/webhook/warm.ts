import type { Context } from "aws-lambda";
import { impersonationQuestion, type NoAnswer } from "../../lib/question/index.ts";
import type { HttpEvent } from "../gateway/read-event.ts";
import { within } from "../net/within.ts";
import type { KeptRegistry } from "../registry/keep-registry.ts";
import type { Registry } from "../registry/read-registry.ts";
import { framesOf } from "../telemetry/frames.ts";
import { hashOfKey } from "./caller-key.ts";
import { createHandler } from "./handler.ts";
import type { Log } from "./log-entries.ts";
import type { WebhookCluster } from "./webhook-cluster.ts";

export interface Warming {
  readonly registry: Registry<WebhookCluster> & Partial<KeptRegistry<WebhookCluster>>;
  /** How many clusters are asked at most; 0: warming is off. */
  readonly clusters: number;
  readonly log: Log;
  /** Gets the log entries of the reviews that are made up here. */
  readonly drop: Log;
}

/** The time limit of the whole warm-up, in milliseconds. */
const bound = 1_000;
/** How long the other clusters have once one has answered: a dead cluster must not delay every cold start of the fleet. */
const grace = 100;

/**
 * A username that no cluster has, so that every authorizer says no. The answer is not used. The username stands in the clusters' audit
 * logs.
 */
const stranger = "impersonation-admission-warm-up";
const requester = { username: stranger, uid: "", groups: [], extra: {} };
const declared = `${stranger}-as`;
const question = impersonationQuestion(requester, declared);
const unasked: NoAnswer = { code: 502, failure: "no answer came back" };
/** The key of the one cluster of a handler that is called only here. */
const key = stranger;

/** A review of the first field that the cluster's policy guards: the stranger declares another identity. */
const reviewOf = ({ policy: { targets } }: WebhookCluster): string => {
  const [{ group = "", versions: [version] = [], resources: [resource] = [], fields: [field] = [] } = {}] = targets;
  const declaring = (field?.path ?? []).reduceRight<unknown>(
    (inner, step) => (typeof step === "object" ? { [step.key]: inner } : [inner]),
    declared,
  );
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: stranger,
      kind: { group, version, kind: stranger },
      resource: { group, version, resource },
      operation: "CREATE",
      userInfo: requester,
      object: declaring,
    },
  });
};

const eventOf = (body: string): HttpEvent =>
  ({
    rawPath: `/clusters/${stranger}/${key}/mutate`,
    queryStringParameters: { timeout: "10s" },
    headers: { "content-type": "application/json", traceparent: "" },
    requestContext: { http: { method: "POST" }, stage: "$default", timeEpoch: Date.now() },
    body,
    isBase64Encoded: false,
  }) as unknown as HttpEvent;

/** Asks the question, and sends a review through the same code as a caller's. Resolves with the reason where there was no answer. */
const warmOne = async (
  { registry, drop }: Warming,
  cluster: WebhookCluster,
  until: number,
): Promise<string | undefined> => {
  const asked = cluster.ask([question], until);
  const ask: WebhookCluster["ask"] = async (questions) => {
    const [answer = unasked] = await asked;
    return questions.map(() => answer);
  };
  const clusters = new Map([[stranger, { ...cluster, name: stranger, keys: [hashOfKey(key)], ask }]]);
  const handler = createHandler({ registry: { ...registry, clusters }, log: drop });
  await handler(eventOf(reviewOf(cluster)), { getRemainingTimeInMillis: () => until - Date.now() } as Context);
  const [answer = unasked] = await asked;
  return "failure" in answer ? answer.failure : undefined;
};

/**
 * Does the work that the first call would otherwise wait for: code is compiled, and connections to some of the clusters are opened. A
 * function has a whole core while it starts, and afterwards a share of one that depends on its memory. Never rejects, and takes a second at
 * most, whatever the registry and the clusters do.
 */
export async function warm(warming: Warming): Promise<void> {
  const { registry, clusters: most, log } = warming;
  if (most === 0) return;
  const started = performance.now();
  const until = Date.now() + bound;
  await within(bound, registry.started);
  const chosen = [...registry.clusters.values()].slice(0, most);
  /** By cluster; undefined for one that answered. */
  const problems = new Map<string, string | undefined>(chosen.map(({ name }) => [name, "did not answer in time"]));
  const answered = Promise.withResolvers<void>();
  const all = Promise.all(
    chosen.map(async (cluster) => {
      const problem = await warmOne(warming, cluster, until).catch((error: unknown) => `failed: ${framesOf(error)}`);
      problems.set(cluster.name, problem);
      if (problem === undefined) answered.resolve();
    }),
  );
  await within(until - Date.now(), Promise.race([all, answered.promise.then(() => within(grace, all))]));
  log({
    event: "warmed",
    warmed: chosen.map(({ name }) => name).filter((name) => problems.get(name) === undefined),
    problems:
      chosen.length === 0
        ? ["no cluster is loaded yet"]
        : [...problems].flatMap(([name, problem]) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    warmMilliseconds: Math.round(performance.now() - started),
  });
}
