import { randomUUID } from "node:crypto";
import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { until } from "./until.ts";

const apiVersion = "admissionregistration.k8s.io/v1";
const plurals = [
  "mutatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "validatingadmissionpolicies",
];

/**
 * Resolves when the API server judges by all admission policies as they are now. It reads those of each kind in the order in which they were
 * written, mutating and validating ones apart, each every second: when the two that are written last judge, the others do.
 */
export const policiesInForce = async (plane: ControlPlane): Promise<void> => {
  const name = `last-${randomUUID()}`;
  const shared = {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
    },
    matchConditions: [{ name: "last", expression: `object.metadata.name == '${name}'` }],
  };
  const both = [
    {
      kind: "MutatingAdmissionPolicy",
      spec: {
        ...shared,
        reinvocationPolicy: "Never",
        mutations: [
          {
            patchType: "JSONPatch",
            jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data', value: {'mutated': 'yes'}}]" },
          },
        ],
      },
    },
    { kind: "MutatingAdmissionPolicyBinding", spec: { policyName: name } },
    {
      kind: "ValidatingAdmissionPolicy",
      spec: { ...shared, validations: [{ expression: "!has(object.data)", message: "mutated" }] },
    },
    { kind: "ValidatingAdmissionPolicyBinding", spec: { policyName: name, validationActions: ["Deny"] } },
  ];
  const admin = plane.user("admin");
  await applied(
    plane,
    both.map((policy) => ({ apiVersion, metadata: { name }, ...policy })),
  );
  await until("the API server judges by the admission policies", async () => {
    const { status } = await plane.api(admin, {
      method: "POST",
      path: "/api/v1/namespaces/default/configmaps?dryRun=All",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name } },
    });
    return status === 422;
  });
  for (const plural of plurals)
    await plane.api(admin, { method: "DELETE", path: `/apis/${apiVersion}/${plural}/${name}` });
};
