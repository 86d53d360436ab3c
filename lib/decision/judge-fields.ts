import type { UserInfo } from "../identity/user-info.ts";
import { isObject, type JsonObject } from "../meta/json.ts";
import { type Policy, targetOf } from "../policy/policy.ts";
import { judgeIdentityFields } from "./covered-write.ts";
import { identityFieldsOf } from "./identity-field.ts";
import { type Judgement, judgementOf } from "./judgement.ts";
import type { GroupVersionResource } from "./request.ts";
import { uncovered } from "./review-verdict.ts";

/** An object, and the user who writes it. */
export interface WrittenObject {
  readonly resource: GroupVersionResource;
  readonly object: JsonObject;
  /** The object before the write; absent for a new object, and the same object for one that is stored as it is. */
  readonly oldObject?: JsonObject;
  readonly requester: UserInfo;
}

/**
 * Judges every identity field of an object, without a review: also where the write changes nothing, and whether or not the policy is
 * enforced. The status is judged too. `concludeFields` takes the answers to its questions.
 *
 * @example
 * const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
 * const resource = { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" };
 * const object = { spec: { clusterAuth: { impersonateUser: "bob" } } };
 * const requester = { username: "alice", groups: [], extra: {} };
 * judgeFields(policy, { resource, object, requester }).questions.map(formatQuestion); // ["impersonate users/bob"]
 */
export function judgeFields(policy: Policy, { resource, object, oldObject, requester }: WrittenObject): Judgement {
  const target = targetOf(policy, resource);
  const { namespace } = isObject(object["metadata"]) ? object["metadata"] : {};
  const request = { requester, namespace: typeof namespace === "string" ? namespace : "" };
  const findings = target
    ? judgeIdentityFields({ policy, target, request }, (context) =>
        identityFieldsOf({ ...context, writes: "object", object, before: oldObject }, target.fields),
      )
    : [uncovered(policy, resource)];
  // No verdict on a field in the status is a patch, so nothing here is patched that mutate would not patch.
  return judgementOf({
    policy: { ...policy, enforcement: "enforce" },
    endpoint: "mutate",
    requester: requester.username,
    findings,
  });
}
