import { questionsOf, verdictOf } from "../../lib/decision/finding.ts";
import { type AdmissionRequest, type GroupVersionResource, judge } from "../../lib/decision/index.ts";
import type { Verdict } from "../../lib/decision/verdict.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import type { Segments } from "../../lib/policy/path.ts";
import { type Policy, targetOf } from "../../lib/policy/policy.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";

/** What a field of a stored object says, whoever wrote it. All but `named` are worth a look before anything is enforced. */
export type Kind =
  | "named"
  | "empty"
  | "privileged"
  | "unsafe-name"
  | "not-a-string"
  | "parent-not-an-object"
  | "too-many-identities";

/** One field of a stored object, as far as the object alone tells. */
export interface Stated {
  readonly kind: Kind;
  readonly keys: Segments;
  readonly field: string;
  /** The identity that is named, as a username; empty where there is none. */
  readonly declared: string;
  /** The identity that a privileged value, or an empty field, stands for; a controller's own account for itself; empty for all others. */
  readonly standsFor: string;
  /** What somebody must be allowed to keep the field as it is, all of it. */
  readonly permissions: readonly ResourceAttributes[];
  /** The rule's own sentence about a value that nobody may write. */
  readonly sentence: string;
}

/**
 * Somebody whose name can stand in no field, because no header carries it: what the rule says of their edit depends on the object alone, and
 * no object can name them.
 */
const nobody: UserInfo = { username: "nobody\n", groups: [], extra: {} };

/** The policy as it would be enforced: what is found out is what enforcing it would mean. */
export function enforced(policy: Policy): Policy {
  return { ...policy, enforcement: "enforce" };
}

/** An edit of something outside metadata, status and the fields, which has to be judged (rule `change`). */
export function editOf(requester: UserInfo, resource: GroupVersionResource, object: JsonObject): AdmissionRequest {
  const namespace = isObject(object["metadata"]) ? object["metadata"]["namespace"] : undefined;
  return {
    operation: "UPDATE",
    resource,
    kind: { group: "", kind: "" },
    subResource: "",
    namespace: typeof namespace === "string" ? namespace : "",
    requester,
    object,
    oldObject: { ...object, "some other member": true },
    exact: () => undefined,
  };
}

/** What the fields of a stored object say. A field that is empty and may be, and an object that has none, say nothing. */
export function statedBy(policy: Policy, resource: GroupVersionResource, object: JsonObject): readonly Stated[] {
  const { privileged = {} } = targetOf(policy, resource) ?? {};
  const accounts = Object.values(privileged);
  return judge(enforced(policy), editOf(nobody, resource, object), "validate").findings.flatMap((finding) => {
    const verdict = verdictOf(finding, () => ({ allowed: true, reason: "" }));
    const { segments: keys = [], at = "", declared, effective, sentence, decision } = verdict;
    const text = valueAt(object, keys);
    const meant = typeof text === "string" ? member(privileged, text) : undefined;
    const own = accounts.includes(declared) ? declared : declared === "" && decision === "permitted" ? effective : "";
    const standsFor = typeof meant === "string" ? meant : own;
    const kind = kindOf(verdict, standsFor);
    if (kind === undefined) return [];
    const permissions = questionsOf(finding).map(({ resourceAttributes }) => resourceAttributes);
    return [{ kind, keys, field: at, declared, standsFor, permissions, sentence }];
  });
}

const kindOf = ({ reason, declared }: Verdict, standsFor: string): Kind | undefined => {
  switch (reason) {
    case "empty":
    case "unsafe-name":
    case "not-a-string":
    case "parent-not-an-object":
    case "too-many-identities":
      return reason;
    // An empty field, into which their name would have to be written.
    case "unsafe-requester":
      return "empty";
    case "may-impersonate":
      if (declared === "") return "empty";
      return standsFor === "" ? "named" : "privileged";
    default:
      return undefined;
  }
};

const valueAt = (object: JsonObject, keys: Segments): unknown =>
  keys.reduce<unknown>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : isObject(at) ? member(at, String(key)) : undefined),
    object,
  );
