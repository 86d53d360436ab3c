import fc from "fast-check";
import { type JsonObject, PolicyError, readPolicy } from "../../../lib/index.ts";

const thing = { group: "deploy.razee.io", versions: ["v1alpha2"], resources: ["mustachetemplates"] };
const choice = {
  onForbidden: fc.constantFrom("requester", "deny"),
  onEmpty: fc.constantFrom("requester", "deny"),
};
const onPrivilegedRequester = fc.constantFrom("deny", "default");
const inFull = { path: "spec.runAs", serviceAccount: "namespace:name", onEmpty: { default: "team-b:deployer" } };
const inLabels = { path: 'metadata.labels["x/account"]', serviceAccount: { namespaceKey: "x/namespace" } };

/** A target for these objects, as a policy file would write it. */
export const targetOf = (fields: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  ...thing,
  fields,
  ...more,
});

/** The Razee preset, with every rule at its strictest. */
export const razee = fc.record({ preset: fc.constant("razee"), ...choice, onPrivilegedRequester });

const isPolicy = (target: JsonObject): boolean => {
  try {
    readPolicy({ name: "arbitrary", targets: [target] });
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
};

const label = 'metadata.labels["x/account"]';
const permission = { verb: "use", group: "", resource: "accounts" };
const mayBeEmpty = { onEmpty: "allow", emptyIsUnprivileged: true };

/** Every member of a rule, in any combination that a policy may have: identities in spec, metadata and status. */
const anyRule: fc.Arbitrary<JsonObject> = fc
  .record({
    fields: fc.constantFrom<readonly unknown[]>(
      ["spec.runAs"],
      [label],
      [label, "spec.jobs[*].runAs"],
      [label, "status.runAs"],
      ["spec.runAs", "status.runAs"],
      ["status.runAs"],
      [{ path: "spec.runAs", serviceAccount: "name" }, inLabels],
      [{ path: "status.runAs", serviceAccount: "namespace:name" }],
      [{ path: "spec.runAs", names: "group" }, "spec.clusterAuth.impersonateUser"],
      [{ path: "spec.data", names: "anything" }, "spec.runAs"],
      ["spec.jobs[*].runAs", { path: "spec.**.runAs", onForbidden: "deny", ...mayBeEmpty }],
      [{ path: "spec.jobs[*].runAs", serviceAccount: { namespaceKey: "namespace", required: true } }],
      [{ path: "spec.**.runAs", onForbidden: "deny", whenSet: [{ path: "spec.data", ...mayBeEmpty }] }],
      [{ path: "spec.runAs", serviceAccount: { namespaceAt: "spec.clusterAuth.impersonateUser", colon: true } }],
      [
        { path: "spec.runAs", whenSet: [{ path: "spec.clusterAuth.impersonateUser", permission }] },
        { path: "spec.jobs[*].runAs", serviceAccount: "name", ...mayBeEmpty },
      ],
      [{ path: "spec.runAs", whenSet: [{ path: "spec.data", onForbidden: "deny", emptyStandsFor: "bob" }] }],
    ),
    rule: fc.record(
      {
        onForbidden: fc.constantFrom("requester", "deny"),
        onEmpty: fc.constantFrom<unknown>("requester", "deny", "allow", { default: "guest" }),
        emptyIsUnprivileged: fc.constant(true),
        emptyStandsFor: fc.constantFrom("guest", "alice", "system:serviceaccount:team-a:deployer"),
        unprivileged: fc.constantFrom(["guest"], ["deployer", "bob"]),
        privileged: fc.constantFrom({ razeedeploy: "guest" }, { false: "bob", razeedeploy: "alice" }),
        onPrivilegedRequester,
        statusPaths: fc.constantFrom(["status.children"], ["status.runAs", "status.children"]),
        statusWriters: fc.constantFrom(["bob"], ["alice", "system:serviceaccount:team-a:deployer"]),
        permission: fc.constant(permission),
        ignoresLetterCase: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ fields, rule }) => targetOf(fields, rule))
  .filter(isPolicy);

/** Targets of every shape: one field, several, in lists and maps; users and service accounts; every rule. */
export const target: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 3, arbitrary: razee },
  {
    weight: 3,
    arbitrary: fc
      .record({ ...choice, privileged: fc.constantFrom({}, { razeedeploy: "guest" }), onPrivilegedRequester })
      .map((rule) => targetOf(["spec.clusterAuth.impersonateUser", "spec.runAs", "spec.jobs[*].runAs"], rule)),
  },
  { weight: 4, arbitrary: anyRule },
  fc.constantFrom<JsonObject>(
    targetOf(["spec.runAs"], { onEmpty: { default: "guest" } }),
    targetOf(["spec.jobs[*].runAs"], { onEmpty: "allow", emptyIsUnprivileged: true }),
    targetOf([{ path: "spec.runAs", serviceAccount: "name" }], { onEmpty: { default: "deployer" } }),
    targetOf([inFull, inLabels], { onEmpty: { default: "deployer" } }),
    targetOf([{ path: "spec.jobs[*].runAs", serviceAccount: { namespaceKey: "namespace" } }]),
    targetOf(["spec.runAs"], { permission }),
  ),
);
