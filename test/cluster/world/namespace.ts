import type { ControlPlane } from "../control-plane.ts";
import type { Caller } from "../harness/caller.ts";
import { applied } from "./applied.ts";
import { mayImpersonate } from "./may.ts";
import { until } from "./until.ts";

const bind = (namespace: string, user: string, role: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: `${user}-is-${role.replaceAll(":", "-")}`, namespace },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
});

/**
 * A tenant's namespace: `nsadmin` is cluster-admin in it, `editor` has the permissions of the role edit for service accounts (the role itself
 * stays empty without a controller manager, which aggregates it), and it has the service accounts `builder` and `deployer`.
 */
export const makeNamespace = async (plane: ControlPlane, name: string): Promise<void> => {
  const account = (account: string) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: account, namespace: name },
  });
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    account("builder"),
    account("deployer"),
    bind(name, "nsadmin", "cluster-admin"),
    bind(name, "editor", "system:aggregate-to-edit"),
  ]);
  const deployer = `system:serviceaccount:${name}:deployer`;
  await until("the new RoleBindings count", async () => {
    const both = ["nsadmin", "editor"].map((username) => mayImpersonate(plane, { username }, deployer));
    return (await Promise.all(both)).every(Boolean);
  });
};

/** A service account as a caller, by a token that the API server issues to it (TokenRequest). */
export const serviceAccount = async (plane: ControlPlane, namespace: string, name: string): Promise<Caller> => {
  const { status, body, text } = await plane.api(plane.user("admin"), {
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  if (status !== 201) throw new Error(`no token for ${namespace}/${name}: ${text}`);
  return { name: `system:serviceaccount:${namespace}:${name}`, token: body.status.token };
};
