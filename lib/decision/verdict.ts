import type { Segments } from "../policy/path.ts";
import type { ResourceQuestion } from "../question/question.ts";

/** The decision on a declared identity, from the mildest to the worst. */
export const decisions = ["skipped", "self", "permitted", "defaulted", "replaced", "denied"] as const;
export type Decision = (typeof decisions)[number];

/** The reason of a decision. These words are stable, because audit logs and metrics hold them. */
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
  "unprivileged",
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
  "letter-case",
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

/** The status code of a denial: 403 by the rule, 422 for a value, 500 for a review that cannot be judged, 502-504 for a missing answer. */
export type DenialCode = 403 | 422 | 500 | 502 | 503 | 504;

/** The rule's verdict on one field, or on a review as a whole. */
export type Verdict = Kept | Written | Denied;

/** A verdict with the questions whose answers led to it, in their order; none where the object and the requester decide. */
export type FieldVerdict = Verdict & { readonly questions: readonly ResourceQuestion[] };

interface VerdictBase {
  readonly reason: Reason;
  /** One sentence: what is done or refused, and why. */
  readonly sentence: string;
  /** The field, undefined where the verdict is on the review. */
  readonly segments?: Segments;
  /** The field's name in messages; undefined where the verdict is on the review. */
  readonly at?: string;
  /** The declared identity; empty where the field is empty or holds no string. */
  readonly declared: string;
  /** The identity that the controller will act as; empty where none applies. */
  readonly effective: string;
}

/** The field stays as it is. */
export interface Kept extends VerdictBase {
  readonly decision: "skipped" | "self" | "permitted";
}

/** The field is set. The endpoint that cannot patch refuses instead. */
export interface Written extends VerdictBase {
  readonly decision: "defaulted" | "replaced";
  readonly segments: Segments;
  readonly at: string;
  readonly write: Write;
  /** The sentence of the denial, where the field cannot be set. */
  readonly refusal: string;
  /** A second warning: the written identity lacks groups of the requester. */
  readonly lostGroups?: string;
}

/** How a field is set. */
export interface Write {
  readonly value: string;
  /** How many of the field's parents, counted from the field upwards, are absent or null. */
  readonly missing: number;
  /** Whether the member exists, also with the value null. */
  readonly present: boolean;
}

export interface Denied extends VerdictBase {
  readonly decision: "denied";
  readonly code: DenialCode;
  /** 422: the fields that are at fault. */
  readonly causes: readonly Cause[];
}

/** The fault of one field. The message begins behind the name of the field. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}
