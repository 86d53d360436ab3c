import { type ServiceAccount, serviceAccountOf } from "../identity/service-account.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";

/** An object of `rbac.authorization.k8s.io/v1`. */
export interface RbacObject extends KubernetesObject {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding";
}

const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

const subjectOf = (username: string): Readonly<Record<string, string>> => {
  const account = serviceAccountOf(username);
  return account
    ? { kind: "ServiceAccount", namespace: account.namespace, name: account.name }
    : { kind: "User", apiGroup, name: username };
};

/**
 * The roles of the webhook's own identity on a cluster: the permission to ask questions, and no other.
 *
 * @example
 * const roles = askerRoles("system:serviceaccount:impersonation-admission:impersonation-admission");
 * roles.map(({ kind }) => kind); // ["ClusterRole", "ClusterRoleBinding"]
 */
export function askerRoles(username: string, name = "impersonation-admission"): readonly RbacObject[] {
  return [
    {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] }],
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup, kind: "ClusterRole", name },
      subjects: [subjectOf(username)],
    },
  ];
}

/**
 * Lets one user impersonate one other user. Users are cluster-scoped, so a RoleBinding would grant nothing. All users who may impersonate
 * the same user share the role, and each has a binding.
 *
 * @example userImpersonatorRoles("alice", "bob").map(({ kind }) => kind) // ["ClusterRole", "ClusterRoleBinding"]
 */
export function userImpersonatorRoles(username: string, as: string): readonly RbacObject[] {
  const name = `impersonate-user-${dnsName(as)}`;
  return [
    {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["users"], resourceNames: [as], verbs: ["impersonate"] }],
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: `${name}-by-${dnsName(username)}` },
      roleRef: { apiGroup, kind: "ClusterRole", name },
      subjects: [subjectOf(username)],
    },
  ];
}

/**
 * Lets one user impersonate one service account.
 *
 * @example
 * const roles = serviceAccountImpersonatorRoles("alice", { namespace: "team-a", name: "deployer" });
 * roles.map(({ kind }) => kind); // ["Role", "RoleBinding"]
 */
export function serviceAccountImpersonatorRoles(username: string, as: ServiceAccount): readonly RbacObject[] {
  const metadata = { name: `impersonate-serviceaccount-${as.name}`, namespace: as.namespace };
  return [
    {
      apiVersion,
      kind: "Role",
      metadata,
      rules: [{ apiGroups: [""], resources: ["serviceaccounts"], resourceNames: [as.name], verbs: ["impersonate"] }],
    },
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: { ...metadata, name: `${metadata.name}-by-${dnsName(username)}` },
      roleRef: { apiGroup, kind: "Role", name: metadata.name },
      subjects: [subjectOf(username)],
    },
  ];
}

const dnsName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
