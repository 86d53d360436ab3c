import { type Answer, idOfQuestion, type ResourceQuestion } from "../question/question.ts";
import { verdictOf } from "./finding.ts";
import type { Judgement } from "./judgement.ts";
import type { Endpoint } from "./request.ts";
import type { FieldVerdict, Written } from "./verdict.ts";

/**
 * The verdict on each field that was judged, in their order, from the answers, which stand in the order of the judgement's questions. A
 * verdict on the review as a whole stands alone and has no `at`. The outcome that `conclude` gives is the worst of these verdicts.
 *
 * @example
 * const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
 * const resource = { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" };
 * const object = { spec: { clusterAuth: { impersonateUser: "bob" } } };
 * const requester = { username: "alice", groups: [], extra: {} };
 * const judgement = judgeFields(policy, { resource, object, requester });
 * const [verdict] = concludeFields(judgement, [{ allowed: false, reason: "" }]);
 * verdict.at; // "spec.clusterAuth.impersonateUser"
 * verdict.decision; // "replaced"
 * verdict.declared; // "bob"
 * verdict.effective; // "alice"
 * verdict.questions.map(formatQuestion); // ["impersonate users/bob"]
 */
export function concludeFields(
  judgement: Judgement,
  answers: readonly (Answer | undefined)[],
): readonly FieldVerdict[] {
  return verdictsByRule(judgement, answers).map((verdict) => atEndpoint(judgement.endpoint, verdict));
}

/** The verdicts of the rule, which are the same at both endpoints. */
export function verdictsByRule(
  { findings, questions }: Judgement,
  answers: readonly (Answer | undefined)[],
): readonly FieldVerdict[] {
  const known = new Map(questions.map((question, index) => [idOfQuestion(question), answers[index]]));
  const answerTo = (question: ResourceQuestion): Answer =>
    known.get(idOfQuestion(question)) ?? { code: 502, failure: "no answer came back" };
  return findings.map((finding) => verdictOf(finding, answerTo));
}

/** Where nothing can be patched, a verdict that needs a patch is a denial with the same reason. */
export function atEndpoint(endpoint: Endpoint, verdict: FieldVerdict): FieldVerdict {
  if (endpoint === "mutate" || !isWritten(verdict)) return verdict;
  const { segments, at, reason, refusal, declared, questions } = verdict;
  return {
    decision: "denied",
    segments,
    at,
    reason,
    sentence: refusal,
    code: 403,
    causes: [],
    declared,
    effective: "",
    questions,
  };
}

/** Whether the field is to be set. */
export function isWritten(verdict: FieldVerdict): verdict is FieldVerdict & Written {
  return "write" in verdict;
}
