import type { Decision, PatchOperation, Reason } from "../../../../lib/index.ts";
import type { Given } from "./given.ts";

/** One row of the rule: who writes what, what the authorizer says to exactly these questions, and what comes of it. */
export interface Row extends Given {
  /** The row in a sentence. */
  readonly when: string;
  readonly decision: Decision;
  readonly reason: Reason;
  /** The identity in the annotation `declared`; nothing where it is empty. */
  readonly declared?: string;
  readonly effective?: string;
  /** The status code of a denial. */
  readonly code?: number;
  /** The message: every denial has one in its answer, and a row about anything else may name the one for the log. */
  readonly says?: string;
  readonly causes?: readonly { readonly field: string; readonly message: string }[];
  readonly warns?: readonly string[];
  readonly patch?: readonly PatchOperation[];
  /** The annotations `field` and `fields`, where there are several. */
  readonly field?: string;
  readonly fields?: string;
}

export const at = "spec.clusterAuth.impersonateUser";
export const pointer = "/spec/clusterAuth/impersonateUser";
export const unsafe = "is not printable ASCII without spaces at its ends and would not survive an HTTP header";

/** What a row may read like where it is about a policy's own target. */
export const targets = (...all: readonly object[]) => ({ targets: all });
