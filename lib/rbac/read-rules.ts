import { itemsOf, type ManifestField, membersOf, textsOf, wrong } from "./manifest-field.ts";
import type { PolicyRule } from "./rule-allows.ts";

const readRule = (field: ManifestField, namespaced: boolean): PolicyRule => {
  const members = membersOf(field, "verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs");
  const verbs = textsOf(members.verbs);
  const apiGroups = textsOf(members.apiGroups);
  const resources = textsOf(members.resources);
  const resourceNames = textsOf(members.resourceNames);
  const nonResourceURLs = textsOf(members.nonResourceURLs);
  if (verbs.length === 0) throw wrong(members.verbs, 'is empty: name at least one verb, or "*"');
  if (nonResourceURLs.length > 0 && namespaced)
    throw wrong(members.nonResourceURLs, "has no place in a Role: use a ClusterRole");
  if (nonResourceURLs.length > 0 && apiGroups.length + resources.length + resourceNames.length > 0)
    throw wrong(members.nonResourceURLs, "stands beside resources: make it a rule of its own");
  if (nonResourceURLs.length === 0 && apiGroups.length === 0)
    throw wrong(members.apiGroups, 'is empty: name at least one API group; "" is the core group');
  if (nonResourceURLs.length === 0 && resources.length === 0)
    throw wrong(members.resources, 'is empty: name at least one resource, or "*"');
  return { verbs, apiGroups, resources, resourceNames, nonResourceURLs };
};

/**
 * Reads the `rules` of a Role or ClusterRole, with the API server's own conditions (`pkg/apis/rbac/validation` ValidatePolicyRule).
 *
 * @throws RbacError for a rule that an API server would not store.
 */
export function readRules(rules: ManifestField, namespaced: boolean): readonly PolicyRule[] {
  return itemsOf(rules).map((rule) => readRule(rule, namespaced));
}
