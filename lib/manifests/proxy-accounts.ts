import type { ServiceAccount } from "../identity/service-account.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import type { RbacObject } from "./roles.ts";
import { serviceAccountObject } from "./service-account-object.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

/**
 * The accounts of a proxy: `proxy-asker` asks who callers are and what they may do, `proxy-actor` impersonates them. Each has its role and
 * bindings. The token of the second is as good as cluster-admin.
 *
 * @param isConstrained see `proxyActorRoles`
 * @example
 * const objects = proxyAccounts({ namespace: "proxy" });
 * objects.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name); // ["proxy-asker", "proxy-actor"]
 */
export function proxyAccounts({
  namespace,
  isConstrained = false,
}: {
  readonly namespace: string;
  readonly isConstrained?: boolean;
}): readonly KubernetesObject[] {
  const asker = { namespace, name: "proxy-asker" };
  const actor = { namespace, name: "proxy-actor" };
  return [
    serviceAccountObject(asker),
    serviceAccountObject(actor),
    ...proxyAskerRoles(asker, "impersonation-admission-proxy-asker"),
    ...proxyActorRoles(actor, "impersonation-admission-proxy-actor", isConstrained),
  ];
}

/**
 * Lets the asking account of a proxy create TokenReviews and SubjectAccessReviews, and read the one ConfigMap that holds the cluster's
 * client CA and the settings of its front proxy. The Role that grants the ConfigMap is one of Kubernetes' own.
 *
 * @param name of the ClusterRole and the bindings
 * @example
 * const roles = proxyAskerRoles({ namespace: "proxy", name: "asker" }, "asks");
 * roles.map(({ kind }) => kind); // ["ClusterRole", "ClusterRoleBinding", "RoleBinding"]
 */
export function proxyAskerRoles(asker: ServiceAccount, name: string): readonly RbacObject[] {
  return [
    ...granted(asker, name, [
      { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
      { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    ]),
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: { name, namespace: "kube-system" },
      roleRef: { apiGroup, kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: [subjectOf(asker)],
    },
  ];
}

/** The verbs of requests for resources, and of requests for other paths (`k8s.io/apiserver` pkg/endpoints/request RequestInfo). */
const resourceVerbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const pathVerbs = ["get", "head", "post", "put", "patch", "delete", "options"];

/**
 * Lets the acting account of a proxy impersonate, and nothing else.
 *
 * @param name of the ClusterRole and its binding
 * @param isConstrained constrained impersonation (Kubernetes 1.36, KEP-5284): the API server then refuses to impersonate a member of
 * `system:masters`, a node, or a service account with its groups, and keys of extra without a domain
 * @example
 * const roles = proxyActorRoles({ namespace: "proxy", name: "actor" }, "acts", false);
 * roles.map(({ kind }) => kind); // ["ClusterRole", "ClusterRoleBinding"]
 */
export function proxyActorRoles(actor: ServiceAccount, name: string, isConstrained: boolean): readonly RbacObject[] {
  // RBAC has no pattern for userextras/KEY, so the rules for authentication.k8s.io name all of its resources.
  return granted(
    actor,
    name,
    isConstrained
      ? [
          { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate:user-info"] },
          { apiGroups: ["*"], resources: ["*"], verbs: resourceVerbs.map(whileImpersonating) },
          { nonResourceURLs: ["*"], verbs: pathVerbs.map(whileImpersonating) },
        ]
      : [
          { apiGroups: [""], resources: ["users", "groups", "serviceaccounts"], verbs: ["impersonate"] },
          { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate"] },
        ],
  );
}

const whileImpersonating = (verb: string): string => `impersonate-on:user-info:${verb}`;

const subjectOf = ({ namespace, name }: ServiceAccount) => ({ kind: "ServiceAccount", namespace, name });

const granted = (account: ServiceAccount, name: string, rules: readonly object[]): readonly RbacObject[] => [
  { apiVersion, kind: "ClusterRole", metadata: { name }, rules },
  {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup, kind: "ClusterRole", name },
    subjects: [subjectOf(account)],
  },
];
