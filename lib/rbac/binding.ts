import { serviceAccountOf, serviceAccountUsername } from "../identity/service-account.ts";
import { goQuote } from "../meta/go-quote.ts";
import { itemsOf, type ManifestField, membersOf, nameIn, stringIn, wrong } from "./manifest-field.ts";
import type { Manifest } from "./rbac-objects.ts";

const group = "rbac.authorization.k8s.io";

/** `rbac.authorization.k8s.io/v1` Subject. A service account always has a namespace. */
export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly namespace: string; readonly name: string };

/** `rbac.authorization.k8s.io/v1` RoleBinding or ClusterRoleBinding. */
export interface Binding {
  readonly name: string;
  /** "" for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly roleRef: { readonly kind: "Role" | "ClusterRole"; readonly name: string };
  readonly subjects: readonly Subject[];
}

const isAccountName = (name: string): boolean =>
  serviceAccountOf(serviceAccountUsername({ namespace: "default", name })) !== undefined;

const readServiceAccount = (name: ManifestField, namespace: ManifestField, bindingNamespace: string): Subject => {
  const account = { namespace: stringIn(namespace) || bindingNamespace, name: stringIn(name) };
  if (!isAccountName(account.name))
    throw wrong(name, `is ${goQuote(account.name)}: write the service account's name alone, its namespace beside it`);
  if (account.namespace === "") throw wrong(namespace, "is missing: write the service account's namespace");
  return { kind: "ServiceAccount", ...account };
};

const readSubject = (field: ManifestField, bindingNamespace: string): Subject => {
  const { kind, apiGroup, name, namespace } = membersOf(field, "kind", "apiGroup", "name", "namespace");
  const expected = kind.value === "ServiceAccount" ? "" : group;
  if (![expected, ""].includes(stringIn(apiGroup))) throw wrong(apiGroup, `must be ${goQuote(expected)} or left out`);
  if (stringIn(name) === "") throw wrong(name, "is missing: write who is meant");
  switch (kind.value) {
    case "ServiceAccount":
      return readServiceAccount(name, namespace, bindingNamespace);
    case "User":
    case "Group":
      return { kind: kind.value, name: stringIn(name) };
    default:
      throw wrong(kind, "must be one of User, Group, ServiceAccount");
  }
};

const readRoleRef = (field: ManifestField, bindingNamespace: string): Binding["roleRef"] => {
  const { apiGroup, kind, name } = membersOf(field, "apiGroup", "kind", "name");
  if (![group, ""].includes(stringIn(apiGroup))) throw wrong(apiGroup, `must be ${goQuote(group)} or left out`);
  if (kind.value === "Role" && bindingNamespace !== "") return { kind: "Role", name: nameIn(name) };
  if (kind.value === "ClusterRole") return { kind: "ClusterRole", name: nameIn(name) };
  throw wrong(kind, bindingNamespace === "" ? "must be ClusterRole" : "must be Role or ClusterRole");
};

/**
 * Reads a RoleBinding or ClusterRoleBinding, with the API server's own defaults and conditions (`pkg/apis/rbac/v1` defaults.go,
 * `pkg/apis/rbac/validation` ValidateRoleBinding). A service account without a namespace gets that of the RoleBinding.
 *
 * @throws RbacError for a binding that an API server would not store.
 */
export function readBinding({ name, namespace, root }: Manifest): Binding {
  const { roleRef, subjects } = membersOf(root, "apiVersion", "kind", "metadata", "roleRef", "subjects");
  return {
    name,
    namespace,
    roleRef: readRoleRef(roleRef, namespace),
    subjects: itemsOf(subjects).map((subject) => readSubject(subject, namespace)),
  };
}
