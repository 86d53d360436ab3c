import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../../lib/index.ts";
import { admissionPolicies, webhookConfigurations } from "../../../../lib/manifests/index.ts";

const policyOf = (target: object, more: object = {}) => readPolicy({ name: "mine", targets: [target], ...more });
const razee = policyOf({ preset: "razee" });
const thing = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.runAs"] };
const kindsOf = (policy: Parameters<typeof admissionPolicies>[0]) =>
  admissionPolicies(policy).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const specOf = (policy: Parameters<typeof admissionPolicies>[0], kind: string) => {
  const found = admissionPolicies(policy).find((object) => object.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return JSON.stringify(found.spec);
};

describe("the admission policies of a policy", () => {
  const name = "deploy.razee.io.twin.impersonation-admission";

  test("enforced: one that sets the field, one that refuses, and one for the status, each bound", () => {
    expect(kindsOf(razee)).toEqual([
      `MutatingAdmissionPolicy mutate.${name}`,
      `MutatingAdmissionPolicyBinding mutate.${name}`,
      `ValidatingAdmissionPolicy validate.${name}`,
      `ValidatingAdmissionPolicyBinding validate.${name}`,
      `ValidatingAdmissionPolicy status.${name}`,
      `ValidatingAdmissionPolicyBinding status.${name}`,
    ]);
    for (const { kind, metadata, spec } of admissionPolicies(razee))
      if (kind.endsWith("Binding")) expect(spec["policyName"]).toBe(metadata.name);
  });

  test("audit: nothing sets the field, and the rest warns", () => {
    const policy = policyOf({ preset: "razee" }, { enforcement: "audit" });
    expect(kindsOf(policy).filter((kind) => kind.startsWith("Mutating"))).toEqual([]);
    for (const { kind, spec } of admissionPolicies(policy))
      if (kind.endsWith("Binding")) expect(spec["validationActions"]).toEqual(["Warn", "Audit"]);
  });

  test("off: nothing", () => {
    expect(admissionPolicies(policyOf({ preset: "razee" }, { enforcement: "off" }))).toEqual([]);
  });

  test("names are unique, whatever the targets", () => {
    const policy = readPolicy({
      name: "mine",
      targets: [thing, { ...thing, versions: ["v2"] }, { ...thing, group: "", resources: ["pods"] }],
    });
    const names = admissionPolicies(policy).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test("they cover what the webhooks cover, and look away where those do", () => {
    const [mutate, validate] = webhookConfigurations({ policy: razee, client: { url: "https://guard.example.com/a" } });
    const byName = (prefix: string) =>
      admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith(prefix))?.spec ?? {};
    for (const [prefix, webhook] of [
      ["mutate.", mutate.webhooks[0]],
      ["validate.", validate.webhooks[0]],
      ["status.", validate.webhooks[1]],
    ] as const)
      expect(byName(prefix)["matchConstraints"]).toEqual({ matchPolicy: "Equivalent", resourceRules: webhook?.rules });
    expect(byName("validate.")["matchConditions"]).toEqual(validate.webhooks[0]?.matchConditions);
    expect(byName("status.")["matchConditions"]).toEqual(validate.webhooks[1]?.matchConditions);
    // For an object with too many members to compare, the API server calls the function. Without the function, the validating policy decides.
    const [changed] = mutate.webhooks[0]?.matchConditions ?? [];
    expect(byName("mutate.")["matchConditions"]).toEqual([
      { ...changed, expression: changed?.expression.replace(" : false)", " : true)") },
    ]);
  });
});

describe("what the policy says stands in the expressions", () => {
  test("the patch makes missing parents", () => {
    expect(specOf(razee, "MutatingAdmissionPolicy")).toContain(
      JSON.stringify("[JSONPatch{op: 'add', path: '/spec/clusterAuth/impersonateUser', value: variables.me}]").slice(
        1,
        -1,
      ),
    );
    expect(specOf(razee, "MutatingAdmissionPolicy")).toContain(
      "[JSONPatch{op: 'add', path: '/spec', value: {'clusterAuth': {'impersonateUser': variables.me}}}]",
    );
  });

  test.each([
    ["requester", "requester", "(variables.isEmpty ? true : (true && !variables.mayStay))"],
    ["deny", "requester", "(variables.isEmpty ? true : (false && !variables.mayStay))"],
    ["requester", "deny", "(variables.isEmpty ? false : (true && !variables.mayStay))"],
  ])("onForbidden %s, onEmpty %s", (onForbidden, onEmpty, expression) => {
    expect(specOf(policyOf({ ...thing, onForbidden, onEmpty }), "MutatingAdmissionPolicy")).toContain(expression);
  });

  test("a policy that only refuses needs nothing of Kubernetes 1.36", () => {
    const kinds = admissionPolicies(policyOf({ ...thing, onForbidden: "deny", onEmpty: "deny" })).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]);
  });

  test("an empty field that is allowed is not refused", () => {
    const allow = policyOf({ ...thing, onEmpty: "allow", emptyIsUnprivileged: true });
    expect(specOf(allow, "ValidatingAdmissionPolicy")).not.toContain('"!variables.isEmpty"');
    expect(specOf(policyOf(thing), "ValidatingAdmissionPolicy")).toContain('"!variables.isEmpty"');
  });

  test("a status write is judged by the old object", () => {
    const spec = admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith("status."))?.spec ?? {};
    expect(JSON.stringify(spec["variables"])).toContain("oldObject.spec.clusterAuth");
    expect(JSON.stringify(spec["variables"])).not.toContain("(object.spec");
  });

  test("an empty field that stands for an identity is judged as that, and is not refused as empty", () => {
    const stands = specOf(policyOf({ ...thing, emptyStandsFor: "flux" }), "ValidatingAdmissionPolicy");
    expect(stands).toContain("variables.isEmpty ? 'flux' : variables.isSafe ? variables.declared : ''");
    expect(stands).not.toContain('"!variables.isEmpty"');
    expect(kindsOf(policyOf({ ...thing, onForbidden: "deny", emptyStandsFor: "flux" })).join()).not.toContain(
      "Mutating",
    );
  });

  test("a target that fills empty fields takes their stand-in in writes of the status alone", () => {
    const policyNamed = (prefix: string) =>
      JSON.stringify(admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith(prefix))?.spec);
    expect(policyNamed("status.")).toContain("variables.isEmpty ? 'system:serviceaccount:razeedeploy:razeedeploy-sa'");
    expect(policyNamed("validate.")).not.toContain("variables.isEmpty ? 'system");
  });

  test("neither a privileged value nor the account that it stands for is written", () => {
    const account = "system:serviceaccount:razeedeploy:razeedeploy-sa";
    expect(specOf(razee, "MutatingAdmissionPolicy")).toContain(`in ['razeedeploy', 'false', '${account}'])`);
    const original = policyOf({ preset: "razee", onPrivilegedRequester: "default" });
    expect(specOf(original, "MutatingAdmissionPolicy")).toContain("!(variables.me in ['razeedeploy', 'false'])");
  });

  test("an identity in the metadata has a policy for the subresources, too", () => {
    const policy = policyOf({ ...thing, fields: ["metadata.annotations.runAs"], onForbidden: "deny", onEmpty: "deny" });
    const name = "g.example.twin.impersonation-admission";
    expect(kindsOf(policy)).toEqual([
      `ValidatingAdmissionPolicy validate.${name}`,
      `ValidatingAdmissionPolicyBinding validate.${name}`,
      `ValidatingAdmissionPolicy subresources.${name}`,
      `ValidatingAdmissionPolicyBinding subresources.${name}`,
    ]);
    const { spec } = admissionPolicies(policy)[2] ?? expect.fail("it is there");
    expect(JSON.stringify(spec["matchConstraints"])).toContain(
      '"resources":["things/*"],"operations":["CREATE","UPDATE"]',
    );
    expect(JSON.stringify(spec["validations"])).toContain(
      "must not be in an object of another kind than things; leave it out",
    );
  });

  test("privileged values, narrowing keys, and none of them", () => {
    const text = specOf(razee, "ValidatingAdmissionPolicy");
    expect(text).toContain("['razeedeploy', 'false']");
    expect(text).toContain("'scopes.authorization.openshift.io' in request.userInfo.extra");
    const plain = specOf(policyOf(thing, { narrowing: [] }), "ValidatingAdmissionPolicy");
    expect(plain).toContain('{"name":"privileged","expression":"[]"}');
    expect(plain).toContain('{"name":"isNarrowed","expression":"false"}');
  });
});

test("the failure policy stands in the policies, the labels of namespaces in the bindings", () => {
  const plain = admissionPolicies(policyOf(thing));
  const chosen = admissionPolicies(policyOf(thing), { failurePolicy: "Ignore", namespaceLabels: { guarded: "yes" } });
  const matchResources = { namespaceSelector: { matchLabels: { guarded: "yes" } } };
  expect(chosen).toEqual(
    plain.map((object) => ({
      ...object,
      spec: { ...object.spec, ...(object.kind.endsWith("Binding") ? { matchResources } : { failurePolicy: "Ignore" }) },
    })),
  );
});

test.each([
  ["several fields", { ...thing, fields: ["spec.a", "spec.b"] }],
  ["a walk", { ...thing, fields: ["spec.list[*].a"] }],
  ["a service account's name", { ...thing, fields: [{ path: "spec.sa", serviceAccount: "name" }] }],
  ["a permission of its own", { ...thing, permission: { verb: "use", group: "", resource: "accounts" } }],
  ["a field in the status", { ...thing, fields: ["status.a"] }],
  ["a fixed default", { ...thing, onEmpty: { default: "guest" } }],
  ["writers", { ...thing, resources: ["things", "more"], writers: [{ username: "c", copiesFrom: "more.g.example" }] }],
])("%s: there are no admission policies, and the error says so", (_, target) => {
  expect(() => admissionPolicies(policyOf(target))).toThrow(RangeError);
  expect(() => admissionPolicies(policyOf(target))).toThrow(
    /^things(, more)?\.g\.example cannot be an admission policy: that needs one username field outside the status, without a walk, a fixed default, writers, conditions, unprivileged values or a permission of its own$/,
  );
});
