import type { Answer } from "../question/question.ts";
import { atEndpoint, isWritten, verdictsByRule } from "./conclude-fields.ts";
import type { Judgement } from "./judgement.ts";
import { type PatchOperation, patchOf } from "./patch.ts";
import { type Cause, type Decision, decisions, type FieldVerdict, type Reason, type Written } from "./verdict.ts";

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

const worstOf = (verdicts: readonly FieldVerdict[]): FieldVerdict =>
  verdicts.reduce((worst, next) =>
    decisions.indexOf(next.decision) > decisions.indexOf(worst.decision) ? next : worst,
  );

/** In audit mode the requester hears of everything that would not have been left alone. */
const isReported = (verdict: FieldVerdict): boolean => verdict.decision === "denied" || isWritten(verdict);

const warningsOf = ({ decision, sentence, lostGroups }: Written): readonly string[] => [
  ...(decision === "replaced" ? [sentence] : []),
  ...(lostGroups ? [lostGroups] : []),
];
