import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { mayImpersonate } from "../../cluster/world/may.ts";
import { until } from "../../cluster/world/until.ts";

export interface Tenant {
  readonly namespace: string;
  /** API groups whose resources the tenant's users and accounts may write, besides ConfigMaps and Secrets. */
  readonly apiGroups: readonly string[];
  /** Users who write its objects. */
  readonly authors: readonly string[];
  /** Service accounts. Each may write what the authors may write. */
  readonly accounts: readonly string[];
  /** Who may impersonate which of the accounts: a user, or an account of the tenant. */
  readonly mayImpersonate: readonly { readonly who: string; readonly account: string }[];
}

const apiGroup = "rbac.authorization.k8s.io";

/** Makes a namespace for a tenant. */
export const makeTenant = async (plane: ControlPlane, tenant: Tenant): Promise<void> => {
  const { namespace, apiGroups, authors, accounts } = tenant;
  const subject = (name: string) =>
    accounts.includes(name) ? { kind: "ServiceAccount", name, namespace } : { kind: "User", name, apiGroup };
  const role = (name: string, rule: object, subjects: readonly string[]) => [
    { apiVersion: `${apiGroup}/v1`, kind: "Role", metadata: { name, namespace }, rules: [rule] },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup, kind: "Role", name },
      subjects: subjects.map(subject),
    },
  ];
  const usernameOf = (name: string): string =>
    accounts.includes(name) ? `system:serviceaccount:${namespace}:${name}` : name;
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    ...accounts.map((name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } })),
    ...role("writes", { apiGroups: ["", ...apiGroups], resources: ["*"], verbs: [...writeVerbs] }, [
      ...authors,
      ...accounts,
    ]),
    ...tenant.mayImpersonate.flatMap(({ who, account }) =>
      role(
        `${who}-may-impersonate-${account}`,
        { apiGroups: [""], resources: ["serviceaccounts"], resourceNames: [account], verbs: ["impersonate"] },
        [who],
      ),
    ),
  ]);
  await until("the tenant's RoleBindings count", async () => {
    const grants = tenant.mayImpersonate.map(({ who, account }) =>
      mayImpersonate(plane, { username: usernameOf(who) }, usernameOf(account)),
    );
    return (await Promise.all(grants)).every(Boolean);
  });
};

/** All verbs of objects, and none that grants more, such as `impersonate`. */
const writeVerbs = ["get", "list", "watch", "create", "update", "patch", "delete"] as const;
