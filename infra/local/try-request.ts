import { noClientTrust } from "../../functions/certificates/client-trust.ts";
import type { Ask } from "../../functions/cluster/ask.ts";
import type { Identify } from "../../functions/cluster/identify.ts";
import { type Admitted, type Arrival, admit, type Refused, type RequestFacts } from "../../functions/proxy/admit.ts";
import { inFlight, usualLimits } from "../../functions/proxy/in-flight.ts";
import type { ProxyCluster } from "../../functions/proxy/proxy-cluster.ts";
import { upgradeProtocolOf } from "../../functions/proxy/upgrade-protocol.ts";
import { authenticatedGroups } from "../../lib/identity/implied-groups.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import { type HeaderLine, textOfBytes } from "../../lib/proxy/index.ts";
import { isPathQuestion, type Question } from "../../lib/question/index.ts";
import { formatSelectors } from "./format-selectors.ts";
import type { ProxySample } from "./proxy-sample.ts";
import { differencesOf } from "./tried.ts";
import { type AnsweredQuestion, answeredQuestion } from "./try-event.ts";

/** The result of one request to the proxy. The element of `-o json`. */
export interface TriedRequest {
  readonly event: string;
  readonly door: "proxy";
  /** Empty where the request brings no credential that the cluster accepts. */
  readonly caller: string;
  /** What it asks for, as the API server reads it: `get pods/web/exec -n team-a`. Method and target where it was not read. */
  readonly request: string;
  /** `impersonated`, `own token`, `no credential`, or `HTTP 403` and the like. */
  readonly outcome: string;
  /** The user that the request goes on as; empty where it does not, and where it goes on without a credential. */
  readonly user: string;
  readonly questions: readonly RequestQuestion[];
  /** What goes to the API server, without the credential; null where nothing does. */
  readonly sent: SentRequest | null;
  /** The `metav1.Status` of a refusal. */
  readonly response: StatusObject | null;
}

/** A question, whose rights it is about, and whether it is about the request or about who its caller asks to be. */
export interface RequestQuestion extends AnsweredQuestion {
  readonly user: string;
  readonly about: "request" | "impersonation";
}

export interface SentRequest {
  readonly method: string;
  readonly target: string;
  /** `Name: value`, in order. */
  readonly headers: readonly string[];
  readonly credential: "actor" | "caller" | "none";
}

/** The name in the paths of sample requests: `/k8s/clusters/demo`. */
const sampleCluster = "demo";

const outcomes = { actor: "impersonated", caller: "own token", none: "no credential" } as const;

/**
 * Takes a sample request through the first steps of the proxy, up to what would be sent. The event says whose the credential is.
 *
 * @param ask answers the questions
 */
export async function tryRequest({ name, arrival, caller }: ProxySample, ask: Ask): Promise<TriedRequest> {
  let asked: readonly RequestQuestion[] = [];
  let selectors = "";
  const identify: Identify = async () =>
    caller === undefined
      ? { refused: true, isCertain: true }
      : { user: { ...caller, groups: authenticatedGroups(caller) } };
  const recording: Ask = async (questions, deadline) => {
    const answers = await ask(questions, deadline);
    asked = questions.map((question, at) => {
      const about = isImpersonation(question) ? "impersonation" : "request";
      return { about, user: question.user, ...answeredQuestion(question, answers[at]) };
    });
    for (const question of questions)
      if (!isPathQuestion(question)) selectors += formatSelectors(question.resourceAttributes);
    return answers;
  };
  const admission = await admitted(arrival, identify, recording);
  const { facts } = admission;
  const known = { caller: facts.caller ?? "", request: describeRequest(facts, arrival) + selectors };
  if ("refusal" in admission) {
    const { refusal } = admission;
    const outcome = `HTTP ${refusal.code}`;
    return { event: name, door: "proxy", ...known, outcome, user: "", questions: asked, sent: null, response: refusal };
  }
  admission.leave();
  const { method, target, lines, credential } = admission.request;
  return {
    ...{ event: name, door: "proxy", ...known },
    ...{
      outcome: outcomes[credential.kind],
      user: credential.kind === "none" ? "" : (facts.user ?? ""),
      questions: asked,
    },
    sent: { method, target, headers: lines.map(formatLine), credential: credential.kind },
    response: null,
  };
}

/** As the server does it, which is told of an upgrade by the parser of HTTP/1.1. */
const admitted = async (arrival: Arrival, identify: Identify, ask: Ask): Promise<Admitted | Refused> => {
  const upgrade = asksUpgrade(arrival.lines) ? upgradeProtocolOf(arrival.lines) : undefined;
  if (upgrade !== undefined && isProblem(upgrade))
    return { facts: { peer: arrival.peer }, refusal: statusObject(400, upgrade.problem) };
  const cluster: ProxyCluster = {
    ...{ name: sampleCluster, identify, ask, concluding: { uid: "passthrough" } },
    ...{ doubt: async () => undefined, accounts: notSent, close: notSent },
    ...{ clientTrust: () => noClientTrust, refreshTrust: notSent },
    upstream: {
      ...{ open: notSent, openUpgrade: notSent, actorToken: notSent, renewActor: notSent },
      ...{ usage: notSent, reconnect: notSent, close: notSent },
    },
  };
  const named = async (name: string) => (name === sampleCluster ? cluster : undefined);
  return admit(
    { ...arrival, upgrade },
    { clusters: { named }, enter: inFlight(usualLimits), mostMilliseconds: 60_000 },
  );
};

const notSent = (): never => {
  throw new Error("a sample request is sent nowhere");
};

const asksUpgrade = (lines: readonly HeaderLine[]): boolean => {
  const has = (wanted: string, pattern: RegExp): boolean =>
    lines.some(([name, value]) => name.toLowerCase() === wanted && pattern.test(value));
  return has("upgrade", /./) && has("connection", /(^|,)\s*upgrade\s*(,|$)/i);
};

const isImpersonation = (question: Question): boolean =>
  !isPathQuestion(question) && question.resourceAttributes.verb === "impersonate";

const describeRequest = (facts: RequestFacts, { method, target }: Arrival): string => {
  const { verb, group, resource, path, subresource, namespace, name } = facts;
  if (verb === undefined) return `${method} ${target}`;
  if (resource === undefined) return `${verb} ${path}`;
  const parts = [group ? `${resource}.${group}` : resource, name, subresource];
  return `${verb} ${parts.filter((part) => part !== undefined).join("/")}${namespace ? ` -n ${namespace}` : ""}`;
};

const formatLine = ([name, value]: HeaderLine): string => `${name}: ${textOfBytes(value) ?? value}`;

/** The differences between a result and what its event expects, each as a sentence. */
export function requestMismatches({ expect }: ProxySample, result: TriedRequest): readonly string[] {
  const { outcome, user, questions, sent, response } = result;
  return differencesOf([
    ["outcome", expect.status ? `HTTP ${expect.status}` : expect.outcome, outcome],
    ["user", expect.user, user],
    ["questions", expect.questions, questions.map(({ question }) => question)],
    ["headers", expect.headers, sent?.headers ?? []],
    ["message", expect.message, response?.message ?? ""],
  ]);
}
