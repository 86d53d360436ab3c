import type { ResourceQuestion } from "../../../lib/index.ts";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { until } from "../../cluster/world/until.ts";
import { pooled } from "./pool.ts";
import type { Manifest } from "./world.ts";

/** Where one world at a time is put up. */
export interface Stage {
  /**
   * Takes the last world away, stores this one, and comes back when the API server's RBAC authorizer has seen all of it.
   *
   * @param namespaces at least one
   */
  readonly show: (manifests: readonly Manifest[], namespaces: readonly string[]) => Promise<void>;
}

const group = "rbac.authorization.k8s.io";
const apiVersion = `${group}/v1` as const;
const labels = { prove: "current" };
const plurals = {
  Role: "roles",
  ClusterRole: "clusterroles",
  RoleBinding: "rolebindings",
  ClusterRoleBinding: "clusterrolebindings",
} as const;

/** The API server refused to store a manifest. */
export class Unstorable extends Error {
  override readonly name = "Unstorable";
}

const collection = (kind: Manifest["kind"], namespace = ""): string =>
  `/apis/${apiVersion}/${namespace && `namespaces/${namespace}/`}${plurals[kind]}`;

/** One object of each kind: the authorizer learns of every kind by a watch of its own, in the order of writing. */
const markers = (name: string, namespace: string): readonly Manifest[] => {
  const rules = [{ verbs: ["mark"], apiGroups: ["prove"], resources: ["marks"] }];
  const bound = (kind: string, user: string) => ({
    roleRef: { apiGroup: group, kind, name },
    subjects: [{ kind: "User", apiGroup: group, name: user }] as const,
  });
  return [
    { apiVersion, kind: "Role", metadata: { name, namespace }, rules },
    { apiVersion, kind: "RoleBinding", metadata: { name, namespace }, ...bound("Role", `${name}-local`) },
    { apiVersion, kind: "ClusterRole", metadata: { name }, rules },
    { apiVersion, kind: "ClusterRoleBinding", metadata: { name }, ...bound("ClusterRole", name) },
  ];
};

/** Posts a SubjectAccessReview. */
export type Review = (question: ResourceQuestion) => Promise<{ readonly status: number; readonly body: unknown }>;

/** One for each control plane: it knows what it has to take away. */
export const stageOn = (plane: ControlPlane, review: Review): Stage => {
  const admin = plane.user("admin");
  const known = new Set<string>();
  let shown: readonly string[] = [];
  let scenes = 0;

  const makeNamespaces = (names: readonly string[]) =>
    pooled(
      names.filter((name) => !known.has(name)),
      async (name) => {
        const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
        const { status, text } = await plane.api(admin, { method: "POST", path: "/api/v1/namespaces", body });
        if (status !== 201) throw new Unstorable(text);
        known.add(name);
      },
    );

  const clear = () => {
    const local = shown.flatMap((namespace) => [collection("Role", namespace), collection("RoleBinding", namespace)]);
    const all = [...local, collection("ClusterRole"), collection("ClusterRoleBinding")];
    return pooled(all, async (path) => {
      const query = "?labelSelector=prove%3Dcurrent";
      const { status, text } = await plane.api(admin, { method: "DELETE", path: `${path}${query}` });
      if (status !== 200) throw new Error(text);
    });
  };

  const store = async (manifest: Manifest): Promise<void> => {
    const { kind, metadata } = manifest;
    const { status, text } = await plane.api(admin, {
      method: "POST",
      path: `${collection(kind, metadata.namespace)}?fieldValidation=Strict`,
      body: { ...manifest, metadata: { ...metadata, labels } },
    });
    if (status !== 201) throw new Unstorable(text);
  };

  const isSeen = async (user: string, namespace: string): Promise<boolean> => {
    const { body } = await review({
      user,
      groups: [],
      extra: {},
      resourceAttributes: { verb: "mark", group: "prove", version: "v1", resource: "marks", name: "", namespace },
    });
    return (body as { status: { allowed: boolean } }).status.allowed;
  };

  return {
    show: async (manifests, namespaces) => {
      await clear();
      shown = namespaces;
      const [namespace = ""] = namespaces;
      await makeNamespaces(namespaces);
      await pooled(manifests, store);
      const name = `mark-${scenes++}`;
      await pooled(markers(name, namespace), store);
      await until("the authorizer has seen the cluster-wide objects", () => isSeen(name, ""));
      await until("the authorizer has seen the objects in namespaces", () => isSeen(`${name}-local`, namespace));
    },
  };
};
