import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";

const thing = { group: "deploy.razee.io", versions: ["v1alpha2"], resources: ["mustachetemplates"] };
const choice = {
  onForbidden: fc.constantFrom("requester", "deny"),
  onEmpty: fc.constantFrom("requester", "deny"),
};
const inFull = { path: "spec.runAs", serviceAccount: "namespace:name" };
const inLabels = { path: 'metadata.labels["x/account"]', serviceAccount: { namespaceKey: "x/namespace" } };

/** A target of the objects here, as a policy file would write it. */
export const targetOf = (fields: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  ...thing,
  fields,
  ...more,
});

/** The Razee preset, as strict as may be. */
export const razee = fc.record({ preset: fc.constant("razee"), ...choice });

/** Targets of every shape: one field, several, in lists and maps; users and service accounts; defaults; another permission. */
export const target: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 3, arbitrary: razee },
  {
    weight: 3,
    arbitrary: fc
      .record({ ...choice, privileged: fc.constantFrom({}, { razeedeploy: "guest" }) })
      .map((rule) => targetOf(["spec.clusterAuth.impersonateUser", "spec.runAs", "spec.jobs[*].runAs"], rule)),
  },
  fc.constantFrom<JsonObject>(
    targetOf(["spec.runAs"], { onEmpty: { default: "guest" } }),
    targetOf(["spec.jobs[*].runAs"], { onEmpty: "allow", emptyIsUnprivileged: true }),
    targetOf([{ path: "spec.runAs", serviceAccount: "name" }], { onEmpty: { default: "deployer" } }),
    targetOf([inFull, inLabels], { onEmpty: { default: "deployer" } }),
    targetOf([{ path: "spec.jobs[*].runAs", serviceAccount: { namespaceKey: "namespace" } }]),
    targetOf(["spec.runAs"], { permission: { verb: "use", group: "", resource: "accounts" } }),
  ),
);
