import { brief } from "../meta/brief.ts";
import type { Policy } from "../policy/policy.ts";
import type { GroupVersionResource } from "./request.ts";
import type { DenialCode, Denied, Kept, Reason } from "./verdict.ts";

/* Verdicts on a review as a whole. */

export function skipped(reason: Reason, sentence: string): Kept {
  return {
    decision: "skipped",
    reason,
    sentence,
    declared: "",
    effective: "",
  };
}

export function unchanged(): Kept {
  return skipped("unchanged", "the write changes nothing that runs as the declared identity");
}

export function statusWriter(): Kept {
  return skipped("status-writer", "the requester is a controller that may write this status");
}

export function denied(reason: Reason, code: DenialCode, sentence: string): Denied {
  return {
    decision: "denied",
    reason,
    sentence,
    code,
    causes: [],
    declared: "",
    effective: "",
  };
}

export function uncovered({ name }: Policy, { group, version, resource }: GroupVersionResource): Denied {
  const missing = brief([resource, version, group].filter(Boolean).join("."));
  const why = `policy ${name} does not cover ${missing}; add it to the policy, or remove it from the webhook configuration`;
  return denied("uncovered-resource", 403, why);
}

/** Names only the first of the fields, because all of them contribute equally. */
export function tooMany(fields: readonly string[], what: string): Denied {
  const message = `${what}; split the object`;
  const causes = fields.slice(0, 1).map((field) => ({ field, message }));
  return { ...denied("too-many-identities", 422, message), causes };
}
