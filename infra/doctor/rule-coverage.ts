import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** A guarded resource with its served versions, which the rules of another webhook or policy may cover. */
export interface GuardedResource {
  readonly group: string;
  readonly resource: string;
  readonly versions: readonly string[];
}

const covers = (list: unknown, wanted: string): boolean =>
  Array.isArray(list) && (list.includes("*") || list.includes(wanted));

/** Whether a rule covers creates or updates of a resource (`admissionregistration.k8s.io/v1` RuleWithOperations). */
const ruleCovers = (rule: JsonObject, { group, resource, versions }: GuardedResource, exact: boolean): boolean =>
  covers(rule["apiGroups"], group) &&
  (!exact || versions.some((version) => covers(rule["apiVersions"], version))) &&
  (covers(rule["resources"], resource) ||
    covers(rule["resources"], "*/*") ||
    covers(rule["resources"], `${resource}/*`)) &&
  (covers(rule["operations"], "CREATE") || covers(rule["operations"], "UPDATE"));

/** Whether a webhook's rules cover a resource. Selectors and conditions are ignored: they may spare some calls, but perhaps not all. */
export function webhookCovers(webhook: JsonObject, guarded: GuardedResource): boolean {
  return objectsIn(webhook["rules"]).some((rule) => ruleCovers(rule, guarded, webhook["matchPolicy"] === "Exact"));
}

/** The same for a MutatingAdmissionPolicy. */
export function policyCovers({ spec }: JsonObject, guarded: GuardedResource): boolean {
  const constraints = isObject(spec) && isObject(spec["matchConstraints"]) ? spec["matchConstraints"] : {};
  return objectsIn(constraints["resourceRules"]).some((rule) =>
    ruleCovers(rule, guarded, constraints["matchPolicy"] === "Exact"),
  );
}
