import type { Segments } from "../policy/path.ts";
import type { Question } from "../question/question.ts";

/** What becomes of a declared identity, from the mildest to the worst. */
export const decisions = ["skipped", "self", "permitted", "defaulted", "replaced", "denied"] as const;
export type Decision = (typeof decisions)[number];

/** Why. Stable: they stand in audit logs and metrics. */
export const reasons = [
  // skipped
  "enforcement-off",
  "operation",
  "subresource",
  "unchanged",
  "status-writer",
  "no-field",
  // self
  "requester",
  // permitted
  "may-impersonate",
  "trusted-writer",
  "empty-allowed",
  // defaulted, or denied
  "empty",
  // replaced, or denied
  "forbidden",
  "inherited",
  // denied
  "privileged-requester",
  "narrowed-requester",
  "unsafe-requester",
  "unsafe-name",
  "not-a-string",
  "parent-not-an-object",
  "foreign-kind",
  "too-many-identities",
  "uncovered-resource",
  "malformed-review",
  "no-requester",
  "no-object",
  "no-old-object",
  "no-answer",
] as const;
export type Reason = (typeof reasons)[number];

/** The status code of a denial: 403 the rule, 422 a value, 500 a review that cannot be judged, 502-504 an answer that was not had. */
export type DenialCode = 403 | 422 | 500 | 502 | 503 | 504;

/** The rule's verdict on one field, or on a review as a whole. */
export type Verdict = Kept | Written | Denied;

/** A verdict with the questions whose answers led to it, in their order; none where the object and the requester decide. */
export type FieldVerdict = Verdict & { readonly questions: readonly Question[] };

interface VerdictBase {
  readonly reason: Reason;
  /** What is, or in audit mode would be, done or refused, and why. */
  readonly sentence: string;
  /** The field, undefined where the verdict is on the review. */
  readonly segments?: Segments;
  /** The field's name in messages; undefined where the verdict is on the review. */
  readonly at?: string;
  /** The declared identity; empty where there is none or it is no string. */
  readonly declared: string;
  /** Who the controller will act as; empty where nothing applies. */
  readonly effective: string;
}

/** Nothing is changed. */
export interface Kept extends VerdictBase {
  readonly decision: "skipped" | "self" | "permitted";
}

/** The field is changed, or refused by the endpoint that cannot patch. */
export interface Written extends VerdictBase {
  readonly decision: "defaulted" | "replaced";
  readonly segments: Segments;
  readonly at: string;
  readonly write: Write;
  /** Why it is refused where it cannot be written. */
  readonly refusal: string;
  /** A further warning: the identity that is written has fewer rights than the requester. */
  readonly lostGroups?: string;
}

/** How a field is changed. */
export interface Write {
  readonly value: string;
  /** How many of the field's parents are absent or null; they are the last ones. */
  readonly missing: number;
  /** Whether something stands there, null included. */
  readonly present: boolean;
}

export interface Denied extends VerdictBase {
  readonly decision: "denied";
  readonly code: DenialCode;
  /** 422: the fields that are at fault. */
  readonly causes: readonly Cause[];
}

/** What is wrong with a field, in words that stand behind its name. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}
