import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Ask } from "../../functions/cluster/ask.ts";
import { type Answer, formatQuestion, isPathQuestion, type Question } from "../../lib/question/index.ts";
import type { AdmissionReviewAnswer } from "../../lib/review/index.ts";
import type { Bundle } from "../build/load-bundle.ts";
import { formatSelectors } from "./format-selectors.ts";
import type { localCluster } from "./local-cluster.ts";
import { type Sample, sampleContext } from "./sample.ts";
import { differencesOf } from "./tried.ts";

/** The result of one event. The element of `-o json`. */
export interface TriedEvent {
  readonly event: string;
  readonly door: "webhook";
  readonly requester: string;
  readonly declared: string;
  /** The decision, or `HTTP 400` and the like where no review was answered. */
  readonly outcome: string;
  readonly reason: string;
  readonly effective: string;
  readonly questions: readonly AnsweredQuestion[];
  /** The body of the response. */
  readonly response: unknown;
}

/** A question in words, and its answer: `yes`, `no` or `no answer`. */
export interface AnsweredQuestion {
  readonly question: string;
  readonly answer: string;
  readonly reason: string;
}

/** The key of the cluster `demo` in sample events. The registry of every trial holds its hash. */
const sampleKey = "the-key-of-the-sample-events";

/** Makes a function that sends one event at a time to a handler, and records its questions. */
export function eventTrier(
  bundle: Bundle,
  clusterOf: ReturnType<typeof localCluster>,
): (sample: Sample) => Promise<TriedEvent> {
  let asked: TriedEvent["questions"] = [];
  const cluster = clusterOf(bundle, [bundle.hashOfKey(sampleKey)]);
  const ask: Ask = async (questions, deadline) => {
    const answers = await cluster.ask(questions, deadline);
    asked = questions.map((question, index) => answeredQuestion(question, answers[index]));
    return answers;
  };
  const local = { ...cluster, ask };
  const registry = { clusters: new Map([["demo", { ...local, name: "demo" }]]), problems: [] };
  const handler = bundle.createHandler({ registry, local, log: () => {} });
  return async ({ name, event }) => {
    asked = [];
    const { statusCode, body } = (await handler(event, sampleContext)) as APIGatewayProxyStructuredResultV2;
    const response = JSON.parse(body ?? "null");
    return { event: name, door: "webhook", ...judged(statusCode ?? 0, response), questions: asked, response };
  };
}

export function answeredQuestion(question: Question, answer: Answer | undefined): AnsweredQuestion {
  const words =
    formatQuestion(question) + (isPathQuestion(question) ? "" : formatSelectors(question.resourceAttributes));
  return answer === undefined || "failure" in answer
    ? { question: words, answer: "no answer", reason: answer?.failure ?? "" }
    : { question: words, answer: answer.allowed ? "yes" : "no", reason: answer.reason };
}

const judged = (status: number, response: unknown) => {
  const annotations = (response as Partial<AdmissionReviewAnswer>).response?.auditAnnotations ?? {};
  const { requester = "", declared = "", decision, reason, effective = "" } = annotations;
  const refusal = response as { readonly reason?: string };
  return {
    requester,
    declared,
    outcome: decision ?? `HTTP ${status}`,
    reason: reason ?? refusal.reason ?? "",
    effective,
  };
};

/** The differences between a result and what its event expects, each as a sentence. */
export function mismatches({ expect }: Sample, result: TriedEvent): readonly string[] {
  const asked = result.questions.map(({ question }) => question);
  const outcome = expect.status ? `HTTP ${expect.status}` : expect.outcome;
  return differencesOf([
    ["outcome", outcome, result.outcome],
    ["reason", expect.reason, result.reason],
    ["effective", expect.effective, result.effective],
    ["questions", expect.questions && [...expect.questions].sort().join(", "), [...asked].sort().join(", ")],
  ]);
}
