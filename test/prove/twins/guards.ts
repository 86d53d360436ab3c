import type { AdmissionPolicyObject } from "../../../lib/manifests/index.ts";
import { podsOf } from "./parts.ts";
import { annotation, type Stored, type Write } from "./write.ts";

/** Who guards a namespace of that name. */
export const guards = ["by-function", "by-twins", "by-both"] as const;
/** The name of such a namespace. */
export type Guard = (typeof guards)[number];

/** Keys of namespace labels. */
export const guardedBy = { function: "prove-function", twins: "prove-twins" } as const;
const labels: Readonly<Record<Guard | "default", readonly string[]>> = {
  "by-function": [guardedBy.function],
  "by-twins": [guardedBy.twins],
  "by-both": [guardedBy.function, guardedBy.twins],
  // Where the webhook's installer looks.
  default: [guardedBy.function],
};

/** Every namespace that is guarded. */
export const namespaces: readonly unknown[] = Object.entries(labels).map(([name, keys]) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: Object.fromEntries(keys.map((key) => [key, "yes"])) },
}));

/** Bound to some namespaces, as in a trial. */
export const boundTo = (label: string, objects: readonly AdmissionPolicyObject[]): readonly unknown[] =>
  objects.map((object) =>
    object.kind.endsWith("Binding")
      ? {
          ...object,
          spec: { ...object.spec, matchResources: { namespaceSelector: { matchLabels: { [label]: "yes" } } } },
        }
      : object,
  );

const declaring = (impersonateUser: string): Write => ({
  sort: "create",
  what: "probe",
  kind: "MustacheTemplate",
  version: "v1alpha2",
  name: "probe",
  by: "post",
  spec: { clusterAuth: { impersonateUser } },
});

/** What probes of the status find. */
export const probed: Stored = { kind: "MustacheTemplate", name: "prove-probe", spec: declaring("carl").spec };

export const probedDeployment: Stored = { kind: "Deployment", name: "prove-probe", spec: podsOf("probe") };

const runningAs = (declared: string): Write => ({
  ...{ sort: "create", what: "probe", kind: "Deployment", version: "v1", name: "probe", by: "post" },
  spec: podsOf("probe"),
  annotations: { [annotation]: declared },
});

/** Writes by a user without rights that the mutating policy patches. It learns of every kind and version by itself. */
export const setProbes: Readonly<Record<string, Write>> = {
  mutate: declaring("carl"),
  "mutate, another kind": { ...declaring("carl"), kind: "FeatureFlagSetLD" },
  "mutate, another version": { ...declaring("carl"), kind: "FeatureFlagSetLD", version: "v1alpha1" },
};

/** Writes by a user without rights, each of which the validating policy refuses. */
export const refusedProbes: Readonly<Record<string, Write>> = {
  validate: declaring("carl "),
  status: { ...declaring("carl"), sort: "status", name: probed.name, by: "merge", spec: {}, status: { children: "a" } },
  "validate, a Deployment": runningAs("carl"),
  subresources: { ...runningAs("carl"), sort: "status", name: probedDeployment.name, by: "merge", spec: {} },
};

/** Whom no world knows. */
export const nobody = { name: "prove-nobody", groups: [], extra: {} };
