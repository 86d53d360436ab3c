import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { until } from "./until.ts";

export interface CustomVersion {
  readonly name: string;
  readonly statusSubresource: boolean;
}

/** A kind of the group `flows.example` whose schema keeps all fields. */
export interface CustomResource {
  readonly plural: string;
  readonly kind: string;
  /** The first one is stored. */
  readonly versions: readonly CustomVersion[];
}

/** Defines a kind that every user may write, with its status, and waits until it is served. */
export const defineCustomResource = async (
  plane: ControlPlane,
  { plural, kind, versions }: CustomResource,
): Promise<void> => {
  const preserve = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.flows.example` },
    spec: {
      group: "flows.example",
      names: { kind, plural },
      scope: "Namespaced",
      versions: versions.map(({ name, statusSubresource }, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: preserve },
        ...(statusSubresource ? { subresources: { status: {} } } : {}),
      })),
    },
  };
  const apiGroup = "rbac.authorization.k8s.io";
  const role = { apiGroup, kind: "ClusterRole", name: "flow-author" };
  await applied(plane, [
    definition,
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRole",
      metadata: { name: role.name },
      rules: [{ apiGroups: ["flows.example"], resources: ["*"], verbs: ["*"] }],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "all-users-are-flow-authors" },
      roleRef: role,
      subjects: [{ apiGroup, kind: "Group", name: "system:authenticated" }],
    },
  ]);
  await until(`everybody may read ${plural}`, async () => {
    const answers = versions.map(({ name }) =>
      plane.api(plane.user("stranger"), { path: `/apis/flows.example/${name}/${plural}` }),
    );
    return (await Promise.all(answers)).every(({ status }) => status === 200);
  });
};
