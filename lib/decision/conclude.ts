import { type Answer, idOfQuestion, type Question } from "../question/question.ts";
import { verdictOf } from "./finding.ts";
import type { Judgement } from "./judge.ts";
import { type PatchOperation, patchOf } from "./patch.ts";
import { type Cause, type Decision, decisions, type Reason, type Verdict, type Written } from "./verdict.ts";

/** What the rule says of a review, and what is done about it. */
export interface Outcome {
  readonly decision: Decision;
  readonly reason: Reason;
  /** One sentence: what was done or refused, and why. */
  readonly message: string;
  /** `audit` and `off` change and refuse nothing, whatever the decision. */
  readonly enforcement: "enforce" | "audit" | "off";
  /** The HTTP status code of a denial. */
  readonly code: number;
  readonly requester: string;
  /** The declared identity; empty where there is none or it is no string. */
  readonly declared: string;
  /** Who the controller will act as by this decision; empty where nothing applies. */
  readonly effective: string;
  /** The first field of this decision; empty where it is about the whole review. */
  readonly field: string;
  /** How many fields were judged. */
  readonly fields: number;
  readonly warnings: readonly string[];
  /** The fields whose values are at fault (422). */
  readonly causes: readonly Cause[];
  readonly patch: readonly PatchOperation[];
}

/**
 * Concludes a judgement from the answers, which stand in the order of its questions. A missing answer is no answer, and where one is
 * needed that is a denial.
 *
 * @example conclude(judgement, [{ allowed: false, reason: "" }]).decision // "replaced"
 */
export function conclude(judgement: Judgement, answers: readonly (Answer | undefined)[]): Outcome {
  const { policy, endpoint, requester, findings } = judgement;
  const ruled = verdictsOf(judgement, answers);
  const apply = endpoint === "mutate" ? (verdict: Verdict) => verdict : unpatched;
  const applied = ruled.map(apply);
  // The worst of what the rule says, so that both endpoints speak of the same field.
  const worst = apply(worstOf(ruled));
  const audit = policy.enforcement === "audit";
  const patched = worst.decision === "denied" || audit ? [] : applied.filter(isWritten);
  return {
    decision: worst.decision,
    reason: worst.reason,
    message: worst.sentence,
    enforcement: policy.enforcement,
    code: worst.decision === "denied" ? worst.code : 200,
    requester,
    declared: worst.declared,
    effective: worst.effective,
    field: worst.at ?? "",
    fields: worst.at === undefined ? 0 : findings.length,
    warnings: audit
      ? ruled.filter(isTold).map(({ sentence }) => `audit (not enforced): ${sentence}`)
      : patched.flatMap(warningsOf),
    causes: applied.flatMap((verdict) => (verdict.decision === "denied" ? verdict.causes : [])),
    patch: patchOf(patched),
  };
}

const verdictsOf = (
  { findings, questions }: Judgement,
  answers: readonly (Answer | undefined)[],
): readonly Verdict[] => {
  const known = new Map(questions.map((question, index) => [idOfQuestion(question), answers[index]]));
  const answerTo = (question: Question): Answer =>
    known.get(idOfQuestion(question)) ?? { code: 502, failure: "no answer came back" };
  return findings.map((finding) => verdictOf(finding, answerTo));
};

/** Where nothing can be patched, what would have to be is refused, with the reason that it had. */
const unpatched = (verdict: Verdict): Verdict => {
  if (!isWritten(verdict)) return verdict;
  const { segments, at, reason, refusal, declared } = verdict;
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
  };
};

const worstOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce((worst, next) =>
    decisions.indexOf(next.decision) > decisions.indexOf(worst.decision) ? next : worst,
  );

const isWritten = (verdict: Verdict): verdict is Written => "write" in verdict;

/** In audit mode the requester hears of everything that would not have been left alone. */
const isTold = (verdict: Verdict): boolean => verdict.decision === "denied" || isWritten(verdict);

const warningsOf = ({ decision, sentence, lostGroups }: Written): readonly string[] => [
  ...(decision === "replaced" ? [sentence] : []),
  ...(lostGroups ? [lostGroups] : []),
];
