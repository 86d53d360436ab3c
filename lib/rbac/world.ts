import { type Binding, readBinding } from "./binding.ts";
import { readClusterRole, rulesOf } from "./cluster-role.ts";
import { membersOf, wrong } from "./manifest-field.ts";
import { type Manifest, manifestsIn } from "./rbac-objects.ts";
import { readRules } from "./read-rules.ts";
import type { PolicyRule } from "./rule-allows.ts";

/** The RBAC objects of a cluster. */
export interface World {
  /** The rules of each Role by `namespace/name`. */
  readonly roles: ReadonlyMap<string, readonly PolicyRule[]>;
  /** The rules of each ClusterRole by name. */
  readonly clusterRoles: ReadonlyMap<string, readonly PolicyRule[]>;
  /** None of them has the namespace "". */
  readonly roleBindings: readonly Binding[];
  readonly clusterRoleBindings: readonly Binding[];
}

const readRole = ({ root }: Manifest): readonly PolicyRule[] =>
  readRules(membersOf(root, "apiVersion", "kind", "metadata", "rules").rules, true);

const refuseDuplicates = (manifests: readonly Manifest[]): void => {
  const first = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const earlier = first.get(manifest.root.object);
    if (earlier) throw wrong(manifest.root, `is given twice, at ${earlier.at} and ${manifest.at}: keep one of them`);
    first.set(manifest.root.object, manifest);
  }
};

/**
 * Reads RBAC manifests: Role, ClusterRole, RoleBinding and ClusterRoleBinding of `rbac.authorization.k8s.io/v1`, as parsed from YAML
 * or JSON. Lists are flattened; objects of other API groups and empty documents are skipped. Defaults are those of an API server (the
 * namespace `default`), and an object that an API server would refuse is refused.
 *
 * Roles count as they are stored, as an API server answers: an `aggregationRule` beside `rules` changes nothing. A ClusterRole with an
 * aggregation rule and without rules is a manifest that no control plane has filled yet. It gets the rules of the ClusterRoles that it
 * selects among the manifests.
 *
 * The roles and bindings that every cluster has (`cluster-admin`, `edit`) count only if they are among the manifests.
 *
 * @throws RbacError that names the object, the field and the fix: a wrong shape, an unknown field, or an object that is given twice.
 * @example
 * const world = readWorld([
 *   {
 *     apiVersion: "rbac.authorization.k8s.io/v1",
 *     kind: "ClusterRole",
 *     metadata: { name: "become-bob" },
 *     rules: [{ verbs: ["impersonate"], apiGroups: [""], resources: ["users"], resourceNames: ["bob"] }],
 *   },
 * ]);
 * [...world.clusterRoles.keys()]; // ["become-bob"]
 */
export function readWorld(objects: readonly unknown[]): World {
  const manifests = manifestsIn(objects);
  refuseDuplicates(manifests);
  const all = (kind: Manifest["kind"]) => manifests.filter((manifest) => manifest.kind === kind);
  const clusterRoles = all("ClusterRole").map(readClusterRole);
  return {
    roles: new Map(all("Role").map((role) => [`${role.namespace}/${role.name}`, readRole(role)])),
    clusterRoles: new Map(clusterRoles.map((role) => [role.name, rulesOf(role, clusterRoles)])),
    roleBindings: all("RoleBinding").map(readBinding),
    clusterRoleBindings: all("ClusterRoleBinding").map(readBinding),
  };
}
