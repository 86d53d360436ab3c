import type { Answer } from "../question/question.ts";
import { atEndpoint, isWritten, verdictsByRule } from "./conclude-fields.ts";
import type { Judgement } from "./judgement.ts";
import { type PatchOperation, patchOf } from "./patch.ts";
import { type Cause, type Decision, decisions, type FieldVerdict, type Reason, type Written } from "./verdict.ts";

/** The decision on a review, with everything that its answer needs. */
export interface Outcome {
  readonly decision: Decision;
  readonly reason: Reason;
  /** One sentence: what was done or refused, and why. */
  readonly message: string;
  /** Under `audit` and `off` the request is neither changed nor refused, whatever the decision. */
  readonly enforcement: "enforce" | "audit" | "off";
  /** The HTTP status code of a denial. */
  readonly code: number;
  readonly requester: string;
  /** The declared identity; empty where the field is empty or holds no string. */
  readonly declared: string;
  /** The identity that the controller will act as; empty where none applies. */
  readonly effective: string;
  /** The first field of this decision that names an identity, otherwise the first; empty where it is about the whole review. */
  readonly field: string;
  /** How many fields were judged. */
  readonly fields: number;
  readonly warnings: readonly string[];
  /** The fields whose values are at fault (422). */
  readonly causes: readonly Cause[];
  readonly patch: readonly PatchOperation[];
}

/**
 * Concludes a judgement from the answers, which stand in the order of its questions. Where an answer that is needed is missing, the
 * review is denied.
 *
 * @example conclude(judgement, [{ allowed: false, reason: "" }]).decision // "replaced"
 */
export function conclude(judgement: Judgement, answers: readonly (Answer | undefined)[]): Outcome {
  const { policy, endpoint, requester, findings } = judgement;
  const ruled = verdictsByRule(judgement, answers);
  const concluded = ruled.map((verdict) => atEndpoint(endpoint, verdict));
  // The worst by the rule, so that both endpoints speak of the same field.
  const worst = atEndpoint(endpoint, worstOf(ruled));
  const audit = policy.enforcement === "audit";
  const patched = worst.decision === "denied" || audit ? [] : concluded.filter(isWritten);
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
      ? ruled.filter(isReported).map(({ sentence }) => `audit (not enforced): ${sentence}`)
      : patched.flatMap(warningsOf),
    causes: concluded.flatMap((verdict) => (verdict.decision === "denied" ? verdict.causes : [])),
    patch: patchOf(patched),
  };
}

/** The first of the worst decision that names an identity, otherwise the first. */
const worstOf = (verdicts: readonly FieldVerdict[]): FieldVerdict =>
  verdicts.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst));

/** A field that may stay empty says nothing where another one names an identity, or stands for one. */
const rank = ({ decision, reason, declared }: FieldVerdict): number =>
  reason === "empty-allowed" ? 0 : 2 * decisions.indexOf(decision) + (declared === "" ? 0 : 1);

/** Under `audit` a warning tells the requester of each field that `enforce` would change or refuse. */
const isReported = (verdict: FieldVerdict): boolean => verdict.decision === "denied" || isWritten(verdict);

const warningsOf = ({ decision, sentence, lostGroups }: Written): readonly string[] => [
  ...(decision === "replaced" ? [sentence] : []),
  ...(lostGroups ? [lostGroups] : []),
];
