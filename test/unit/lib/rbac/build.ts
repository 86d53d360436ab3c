import type { Question, ResourceAttributes } from "../../../../lib/question/question.ts";

// Helpers for test rows, so that a row shows only its subject.

const apiVersion = "rbac.authorization.k8s.io/v1";

type Json = Readonly<Record<string, unknown>>;

export const rule = (
  verbs: string,
  apiGroups: string,
  resources: string,
  ...resourceNames: readonly string[]
): Json => ({
  verbs: verbs.split(","),
  apiGroups: apiGroups.split(","),
  resources: resources.split(","),
  ...(resourceNames.length > 0 ? { resourceNames } : {}),
});

/** "impersonate users", optionally by name. */
export const impersonateUsers = (...names: readonly string[]): Json => rule("impersonate", "", "users", ...names);

export const impersonateAccounts = (...names: readonly string[]): Json =>
  rule("impersonate", "", "serviceaccounts", ...names);

export const clusterRole = (name: string, ...rules: readonly Json[]): Json => ({
  apiVersion,
  kind: "ClusterRole",
  metadata: { name },
  rules,
});

export const role = (namespace: string, name: string, ...rules: readonly Json[]): Json => ({
  apiVersion,
  kind: "Role",
  metadata: { namespace, name },
  rules,
});

/** `User alice`, `Group team-a`, `ServiceAccount ns/name`, or `ServiceAccount name` without a namespace. */
const subject = (text: string): Json => {
  const [kind = "", ...rest] = text.split(" ");
  const who = rest.join(" ");
  if (kind !== "ServiceAccount") return { kind, apiGroup: "rbac.authorization.k8s.io", name: who };
  const [namespace, name] = who.split("/");
  return name === undefined ? { kind, name: who } : { kind, namespace, name };
};

const roleRef = (text: string): Json => {
  const [kind, name] = text.split(" ");
  return { apiGroup: "rbac.authorization.k8s.io", kind, name };
};

/** `ref` is `ClusterRole edit`. */
export const clusterRoleBinding = (name: string, ref: string, ...subjects: readonly string[]): Json => ({
  apiVersion,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: roleRef(ref),
  subjects: subjects.map(subject),
});

/** `ref` is `Role reader` or `ClusterRole edit`. */
export const roleBinding = (namespace: string, name: string, ref: string, ...subjects: readonly string[]): Json => ({
  apiVersion,
  kind: "RoleBinding",
  metadata: { namespace, name },
  roleRef: roleRef(ref),
  subjects: subjects.map(subject),
});

export const asked = (attributes: Partial<ResourceAttributes>): ResourceAttributes => ({
  verb: "impersonate",
  group: "",
  version: "v1",
  resource: "users",
  name: "bob",
  ...attributes,
});

export const ask = (
  who: { readonly user?: string; readonly groups?: readonly string[] },
  attributes: Partial<ResourceAttributes>,
): Question => ({ user: "", groups: [], extra: {}, ...who, resourceAttributes: asked(attributes) });
