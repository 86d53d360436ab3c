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
  /** `aggregationRule.clusterRoleSelectors`; empty without an aggregation rule. */
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
 * The rules that a ClusterRole grants. These are its own rules. Only a ClusterRole without rules gets those of the ClusterRoles among `all`
 * that its aggregation rule selects, because the control plane would fill them in (`pkg/controller/clusterroleaggregation`).
 */
export function rulesOf(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const gathered = new Set([role]);
  // A loop over a set also visits members that are added meanwhile: a selected role may have only an aggregation rule too.
  for (const { rules, selectors } of gathered) {
    if (rules.length > 0) continue;
    for (const other of all) if (selectors.some((selector) => selects(selector, other.labels))) gathered.add(other);
  }
  return Array.from(gathered, ({ rules }) => rules).flat();
}
