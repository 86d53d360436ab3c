import { type Answer, keyOf, type Question } from "../identity/question.ts";
import { formatKeys, pointerOf } from "../policy/path.ts";
import { follow } from "./finding.ts";
import type { Judgement } from "./judge.ts";
import { type Decision, decisions, type Reason, type Verdict } from "./verdict.ts";

/** The endpoint that was called: one patches, the other refuses what it would have to patch. */
export type Endpoint = "mutate" | "validate";

/** One RFC 6902 operation. */
export interface PatchOperation {
  readonly op: "add" | "replace";
  readonly path: string;
  readonly value: unknown;
}

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
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  readonly patch: readonly PatchOperation[];
}

/**
 * Concludes a judgement from the answers, which stand in the order of its questions. A missing answer is no answer, and where one is
 * needed that is a denial.
 *
 * @example conclude(judgement, "mutate", [{ allowed: false, reason: "" }]).decision // "replaced"
 */
export const conclude = (
  judgement: Judgement,
  endpoint: Endpoint,
  answers: readonly (Answer | undefined)[],
): Outcome => {
  const { policy, requester, patchable, findings } = judgement;
  const ruled = verdictsOf(judgement, answers);
  const applied = endpoint === "validate" || !patchable ? ruled.map(refused) : ruled;
  const worst = worstOf(applied);
  const { decision, reason, code, declared, effective } = worst;
  const denied = decision === "denied";
  const audit = policy.enforcement === "audit";
  return {
    decision,
    reason,
    message: denied ? worst.refusal : worst.notice,
    enforcement: policy.enforcement,
    code: denied ? code : 200,
    requester,
    declared,
    effective,
    field: worst.keys ? formatKeys(worst.keys) : "",
    fields: worst.keys ? findings.length : 0,
    warnings: audit
      ? ruled.filter(isTold).map(({ notice }) => `audit (not enforced): ${notice}`)
      : denied
        ? []
        : applied.flatMap(warningsOf),
    causes: applied
      .filter(({ decision, code }) => decision === "denied" && code === 422)
      .map(({ keys, refusal }) => causeOf(formatKeys(keys ?? []), refusal)),
    patch: denied || audit ? [] : patchOf(applied),
  };
};

/** kubectl prints a cause behind its field, so the sentence leaves it out. */
const causeOf = (field: string, refusal: string): Outcome["causes"][number] => ({
  field,
  message: field && refusal.startsWith(field) ? refusal.slice(field.length).replace(/^:? /, "") : refusal,
});

const verdictsOf = (
  { findings, questions }: Judgement,
  answers: readonly (Answer | undefined)[],
): readonly Verdict[] => {
  const known = new Map(questions.map((question, index) => [keyOf(question), answers[index]]));
  const answerTo = (question: Question): Answer =>
    known.get(keyOf(question)) ?? { code: 502, failure: "no answer came back" };
  return findings.map((finding) => follow(finding, answerTo));
};

/** Where nothing can be patched, what would have to be is refused, with the reason that it had. */
const refused = (verdict: Verdict): Verdict =>
  verdict.write ? { ...verdict, decision: "denied", effective: "" } : verdict;

const worstOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce((worst, next) =>
    decisions.indexOf(next.decision) > decisions.indexOf(worst.decision) ? next : worst,
  );

const isTold = ({ decision }: Verdict): boolean =>
  decision === "denied" || decision === "replaced" || decision === "defaulted";

const warningsOf = ({ decision, notice, lostGroups }: Verdict): readonly string[] => [
  ...(decision === "replaced" ? [notice] : []),
  ...(lostGroups ? [lostGroups] : []),
];

/** Point 8: one operation on each field, and one for each parent that is missing. */
const patchOf = (verdicts: readonly Verdict[]): readonly PatchOperation[] => {
  const made = new Set<string>();
  return verdicts.flatMap(({ keys, write }) => {
    if (!keys || !write) return [];
    const parents = range(keys.length - write.missing, keys.length).map((end) => pointerOf(keys.slice(0, end)));
    const missing = parents.filter((pointer) => !made.has(pointer));
    for (const pointer of missing) made.add(pointer);
    return [
      ...missing.map((path): PatchOperation => ({ op: "add", path, value: {} })),
      { op: write.present ? "replace" : "add", path: pointerOf(keys), value: write.value } as const,
    ];
  });
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
