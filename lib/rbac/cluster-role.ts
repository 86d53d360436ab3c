import { type LabelSelector, readLabelSelector, selects } from "./label-selector.ts";
import { itemsOf, type ManifestField, mapOf, memberOf, membersOf, wrong } from "./manifest-field.ts";
import type { Manifest } from "./rbac-objects.ts";
import { readRules } from "./read-rules.ts";
import type { PolicyRule } from "./rule-allows.ts";

/** `rbac.authorization.k8s.io/v1` ClusterRole. */
export interface ClusterRole {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly rules: readonly PolicyRule[];
  /** `aggregationRule.clusterRoleSelectors`; none where there is no aggregation rule. */
  readonly selectors: readonly LabelSelector[];
}

const readAggregationRule = (field: ManifestField): readonly LabelSelector[] => {
  if (field.value == null) return [];
  const { clusterRoleSelectors } = membersOf(field, "clusterRoleSelectors");
  const selectors = itemsOf(clusterRoleSelectors).map(readLabelSelector);
  if (selectors.length === 0) throw wrong(clusterRoleSelectors, "is empty: write at least one label selector");
  return selectors;
};

/** @throws RbacError for a wrong shape. */
export function readClusterRole({ name, root }: Manifest): ClusterRole {
  const members = membersOf(root, "apiVersion", "kind", "metadata", "rules", "aggregationRule");
  return {
    name,
    labels: mapOf(memberOf(members.metadata, "labels")),
    rules: readRules(members.rules, false),
    selectors: readAggregationRule(members.aggregationRule),
  };
}

/**
 * The rules that a ClusterRole grants: those that it has. Only where it has none, as a manifest whose rules the control plane is to
 * fill, they are those of the ClusterRoles that its aggregation rule selects, which is what the control plane would fill in
 * (`pkg/controller/clusterroleaggregation`), as far as they are among `all`.
 */
export function rulesOf(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const gathered = new Set([role]);
  // What is added to a set while it is walked is walked too: a selected role may have nothing but an aggregation rule either.
  for (const { rules, selectors } of gathered) {
    if (rules.length > 0) continue;
    for (const other of all) if (selectors.some((selector) => selects(selector, other.labels))) gathered.add(other);
  }
  return Array.from(gathered, ({ rules }) => rules).flat();
}
