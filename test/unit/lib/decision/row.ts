import type { Decision, PatchOperation, Reason } from "../../../../lib/index.ts";
import type { Given } from "./given.ts";

/** One row of the rule: the write, the authorizer's answers to exactly these questions, and the outcome. */
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
  /** The message. Every denial has one in its answer. In other rows it is the message for the log, and optional. */
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

/** The policy of a row with targets of its own. */
export const targets = (...all: readonly object[]) => ({ targets: all });
