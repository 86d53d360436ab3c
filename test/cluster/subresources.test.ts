import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { markThrough, resourcesOnlyCreated, type Seen, writableSubresources } from "./world/subresources.ts";
import { installWitness, type Witness } from "./world/witness.ts";

/*
 * The rule for fields in metadata (`PLURAL/*`, and `bindings`) relies on these facts: which writes of subresources store a label or an
 * annotation, and which object admission sees then. Every API that this version of Kubernetes can serve is tried, alpha APIs too. Rows that
 * the version does not serve are left out. The samples of alpha kinds are those of 1.36 and later; all other rows hold from 1.34 on.
 */

const labelsAndAnnotations: readonly string[] = [
  "cronjobs.batch/status",
  "customresourcedefinitions.apiextensions.k8s.io/status",
  "certificatesigningrequests.certificates.k8s.io/approval",
  "certificatesigningrequests.certificates.k8s.io/status",
  "daemonsets.apps/status",
  "horizontalpodautoscalers.autoscaling/status",
  "ingresses.networking.k8s.io/status",
  "jobs.batch/status",
  "namespaces/finalize",
  "namespaces/status",
  "nodes/status",
  "persistentvolumeclaims/status",
  "persistentvolumes/status",
  "poddisruptionbudgets.policy/status",
  "pods/status",
  "replicasets.apps/status",
  "replicationcontrollers/status",
  "resourcequotas/status",
  "services/status",
  "statefulsets.apps/status",
];

const nothing: readonly string[] = [
  "apiservices.apiregistration.k8s.io/status",
  "compositepodgroups.scheduling.k8s.io/status",
  "csinodes.storage.k8s.io/status",
  "devicetaintrules.resource.k8s.io/status",
  "evictionrequests.lifecycle.k8s.io/status",
  "evictions.lifecycle.k8s.io/status",
  "flowschemas.flowcontrol.apiserver.k8s.io/status",
  "podcertificaterequests.certificates.k8s.io/status",
  "podgroups.scheduling.k8s.io/status",
  "pods/ephemeralcontainers",
  "pods/resize",
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/status",
  "resourceclaims.resource.k8s.io/status",
  "resourcepoolstatusrequests.resource.k8s.io/status",
  "servicecidrs.networking.k8s.io/status",
  "storageversionmigrations.storagemigration.k8s.io/status",
  "storageversions.internal.apiserver.k8s.io/status",
  "volumeattachments.storage.k8s.io/status",
];

const rows = (names: readonly string[], result: string) => names.map((name) => [name, result] as const);

const expected: Readonly<Record<string, string>> = Object.fromEntries([
  ...rows(labelsAndAnnotations, "UPDATE of its own kind: labels and annotations"),
  ...rows(["deployments.apps/status"], "UPDATE of its own kind: annotations"),
  ...rows(nothing, "UPDATE of its own kind: nothing"),
  ...rows(["pods/binding", "bindings"], "CREATE of Binding: labels and annotations"),
  ...rows(["pods/eviction"], "CREATE of Eviction: nothing"),
  ...rows(["serviceaccounts/token"], "CREATE of TokenRequest: nothing"),
  ...rows(
    ["deployments.apps/scale", "replicasets.apps/scale", "replicationcontrollers/scale", "statefulsets.apps/scale"],
    "UPDATE of Scale: nothing",
  ),
  // The API server calls no webhook for objects that configure admission.
  ...rows(["validatingadmissionpolicies.admissionregistration.k8s.io/status"], "no call: nothing"),
]);

let plane: ControlPlane & { readonly stop: () => Promise<void> };
let witness: Witness<Seen>;

beforeAll(async () => {
  plane = await startControlPlane({
    flags: ["--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true"],
  });
  witness = await installWitness(plane);
});
afterAll(async () => {
  await witness?.stop();
  await plane?.stop();
});

test("which subresources of built-in kinds store metadata, and which object admission sees", async () => {
  const found: [string, string][] = [];
  for (const subresource of await writableSubresources(plane))
    found.push([subresource.name, (await markThrough(plane, subresource, witness.seen)).join("; ")]);
  const served = found.map(([name]) => [name, expected[name] ?? "not in the table"]);
  expect(found.length).toBeGreaterThan(40);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(served));
});

test("bindings are the only resource whose write changes an object of another kind", async () => {
  expect(await resourcesOnlyCreated(plane)).toEqual([
    "bindings",
    "localsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectreviews.authentication.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "subjectaccessreviews.authorization.k8s.io",
    "tokenreviews.authentication.k8s.io",
  ]);
});
