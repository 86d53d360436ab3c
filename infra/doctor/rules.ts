import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** A resource that somebody else's rules may cover, in any of the versions that it is served in. */
export interface Guarded {
  readonly group: string;
  readonly resource: string;
  readonly versions: readonly string[];
}

const covers = (list: unknown, wanted: string): boolean =>
  Array.isArray(list) && (list.includes("*") || list.includes(wanted));

/** Whether a rule is about creates or updates of a resource (`admissionregistration.k8s.io/v1` RuleWithOperations). */
const ruleCovers = (rule: JsonObject, { group, resource, versions }: Guarded, exact: boolean): boolean =>
  covers(rule["apiGroups"], group) &&
  (!exact || versions.some((version) => covers(rule["apiVersions"], version))) &&
  (covers(rule["resources"], resource) ||
    covers(rule["resources"], "*/*") ||
    covers(rule["resources"], `${resource}/*`)) &&
  (covers(rule["operations"], "CREATE") || covers(rule["operations"], "UPDATE"));

/** Whether a webhook is called for a resource. Selectors and conditions may spare some calls; that it is called for none, nobody can tell. */
export function webhookCovers(webhook: JsonObject, guarded: Guarded): boolean {
  return objectsIn(webhook["rules"]).some((rule) => ruleCovers(rule, guarded, webhook["matchPolicy"] === "Exact"));
}

/** The same of a MutatingAdmissionPolicy. */
export function policyCovers({ spec }: JsonObject, guarded: Guarded): boolean {
  const constraints = isObject(spec) && isObject(spec["matchConstraints"]) ? spec["matchConstraints"] : {};
  return objectsIn(constraints["resourceRules"]).some((rule) =>
    ruleCovers(rule, guarded, constraints["matchPolicy"] === "Exact"),
  );
}
