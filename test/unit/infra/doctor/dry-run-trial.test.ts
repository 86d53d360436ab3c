import { expect, test } from "vitest";
import { endingOf } from "../../../../infra/doctor/dry-run-trial.ts";
import { conclude, judge } from "../../../../lib/decision/index.ts";
import { admissionPolicies, webhookConfigurations } from "../../../../lib/manifests/index.ts";
import type { JsonObject } from "../../../../lib/meta/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const group = "deploy.razee.io";
const resource = { group, version: "v1", resource: "mustachetemplates" };
const object = (user?: string) => ({ spec: user === undefined ? {} : { clusterAuth: { impersonateUser: user } } });

/** How a reply ends a trial of bob's, who may impersonate nobody, under a policy. */
const ending = (
  declared: string | undefined,
  reply: { status?: number; body: JsonObject; warnings?: string[] },
  more: object = {},
) => {
  const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }], ...more });
  const [target] = policy.targets;
  if (!target) throw new Error("there is one");
  const requester = { username: "bob", groups: ["system:authenticated"], extra: {} };
  const request = {
    operation: "CREATE",
    resource,
    kind: { group, kind: "MustacheTemplate" },
    subResource: "",
    namespace: "default",
    requester,
    object: object(declared),
    oldObject: null,
    exact: () => undefined,
  };
  const judgement = judge(policy, request, "mutate");
  const outcome = conclude(
    judgement,
    judgement.questions.map(() => ({ allowed: false, reason: "" })),
  );
  const ours = { mutating: {}, validating: {} };
  const none = { MutatingAdmissionPolicy: [], MutatingAdmissionPolicyBinding: [] };
  const listed = { ...none, ValidatingAdmissionPolicy: [], ValidatingAdmissionPolicyBinding: [] };
  const inTree = { wanted: admissionPolicies(policy), listed, canSet: true };
  const wanted = webhookConfigurations({ policy, client: { url: "https://host/clusters/prod/KEY" } });
  return endingOf({ wanted, ours, inTree }, { target }, object(declared), outcome, {
    status: 201,
    warnings: [],
    ...reply,
  });
};

const at = "spec.clusterAuth.impersonateUser";
const warning = `${at}: "carl" replaced by "bob", who may not impersonate it`;
const deny = { targets: [{ preset: "razee", onForbidden: "deny", onEmpty: "deny" }] };
const inTreeDenial = `mustachetemplates "x" is forbidden: ValidatingAdmissionPolicy 'validate.${group}.twin.impersonation-admission' with binding 'validate.${group}.twin.impersonation-admission' denied request: no`;
const denial = `admission webhook "mutate.${group}.impersonation-admission" denied the request: no`;

test("what comes back as the rule says is right", () => {
  expect(ending("bob", { body: object("bob") })).toEqual({ kind: "right" });
  expect(ending(undefined, { body: object("bob") })).toEqual({ kind: "right" });
  expect(ending("carl", { body: object("bob"), warnings: ["another", warning] })).toEqual({ kind: "right" });
  expect(ending("carl", { status: 403, body: { message: denial } }, deny)).toEqual({ kind: "right" });
  expect(ending("carl", { status: 403, body: { message: inTreeDenial } }, deny)).toEqual({ kind: "right" });
});

test.for([
  ["carl", { body: object("carl") }, {}, `${at} is "carl" in the reply, but must be "bob"`],
  [undefined, { body: {} }, {}, `${at} is empty in the reply, but must be "bob"`],
  ["bob", { body: object("carl") }, {}, `${at} is "carl" in the reply, but must be "bob"`],
  ["carl", { body: object("bob") }, {}, `this warning is missing: ${warning}`],
  ["carl", { status: 403, body: { message: denial } }, {}, denial],
] as const)("declaring %s, %j under %j is wrong", ([declared, reply, more, why]) => {
  expect(ending(declared, reply as never, more)).toEqual({ kind: "wrong", why });
});

test("what is accepted though the rule refuses it is wrong", () => {
  expect(ending("carl", { body: object("carl") }, deny)).toEqual({
    kind: "wrong",
    why: expect.stringMatching(/^the object was accepted, but the rule refuses it: .*"carl"/),
  });
});

test("a call of ours that failed is wrong, and the key is not shown", () => {
  const message = `Internal error occurred: failed calling webhook "validate.${group}.impersonation-admission": failed to call webhook: Post "https://host/clusters/prod/KEY/validate?timeout=5s": EOF`;
  expect(ending("bob", { status: 500, body: { message } })).toEqual({
    kind: "wrong",
    why: message.replace("KEY/validate?timeout=5s", "***"),
  });
  expect(ending("carl", { status: 500, body: { message } }, deny)).toMatchObject({ kind: "wrong" });
});

test.for([
  'mustachetemplates.deploy.razee.io is forbidden: User "bob" cannot create resource',
  'admission webhook "quota.example.com" denied the request: too many',
  'MustacheTemplate.deploy.razee.io "x" is invalid: spec.name: Required value',
])("what others refuse says nothing of ours: %s", (message) => {
  expect(ending("carl", { status: 403, body: { message } }, deny)).toEqual({ kind: "prevented", why: message });
});

test("in audit mode nothing is changed, and the warning says so", () => {
  const audit = { enforcement: "audit" };
  const told = `audit (not enforced): ${warning}`;
  expect(ending("carl", { body: object("carl"), warnings: [told] }, audit)).toEqual({ kind: "right" });
  expect(ending("carl", { body: object("carl") }, audit)).toEqual({
    kind: "wrong",
    why: `this warning is missing: ${told}`,
  });
});
