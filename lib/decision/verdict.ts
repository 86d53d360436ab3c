import type { Keys } from "../policy/path.ts";

/** What becomes of a declared identity, from the mildest to the worst. */
export const decisions = ["skipped", "self", "permitted", "defaulted", "replaced", "denied"] as const;
export type Decision = (typeof decisions)[number];

/** Why. Stable: they stand in audit logs and metrics. */
export type Reason =
  | "enforcement-off"
  | "operation"
  | "subresource"
  | "unchanged"
  | "no-field"
  | "requester"
  | "may-impersonate"
  | "trusted-writer"
  | "empty-allowed"
  | "empty"
  | "forbidden"
  | "inherited"
  | "privileged-requester"
  | "narrowed-requester"
  | "unsafe-requester"
  | "unsafe-name"
  | "not-a-string"
  | "parent-not-an-object"
  | "too-many-identities"
  | "uncovered-resource"
  | "malformed-review"
  | "no-requester"
  | "no-object"
  | "no-old-object"
  | "no-answer";

/** The status code of a denial: 403 the rule, 422 a value, 500 a review that cannot be judged, 502-504 an answer that was not had. */
export type Code = 403 | 422 | 500 | 502 | 503 | 504;

/** What the rule says of one field, or of a review as a whole. */
export interface Verdict {
  readonly decision: Decision;
  readonly reason: Reason;
  /** What is, or in audit mode would be, done: the warning. */
  readonly notice: string;
  /** Why it is refused: the message of a denial, on the endpoint that cannot patch too. */
  readonly refusal: string;
  readonly code: Code;
  /** The field, undefined where the verdict is on the review. */
  readonly keys?: Keys;
  readonly declared: string;
  readonly effective: string;
  /** How the field is changed. */
  readonly write?: { readonly value: string; readonly missing: number; readonly present: boolean };
  /** A further warning: the identity that was written has fewer rights than the requester. */
  readonly lostGroups?: string;
}
