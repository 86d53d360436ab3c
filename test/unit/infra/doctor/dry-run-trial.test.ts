import { expect, test } from "vitest";
import { compareWithRule, type Declaration, dryRunObject } from "../../../../infra/doctor/dry-run-trial.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { conclude, judge } from "../../../../lib/decision/index.ts";
import { admissionPolicies, webhookConfigurations } from "../../../../lib/manifests/index.ts";
import type { JsonObject } from "../../../../lib/meta/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const group = "deploy.razee.io";
const resource = { group, version: "v1", resource: "mustachetemplates" };
const object = (user?: string) => ({ spec: user === undefined ? {} : { clusterAuth: { impersonateUser: user } } });

/** The result of a trial for a reply to bob, who may not impersonate other users, under a policy. */
const resultOf = (
  declared: string | undefined,
  reply: { status?: number; body: JsonObject; warnings?: string[] },
  more: object = {},
) => {
  const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }], ...more });
  const [target] = policy.targets;
  if (!target) throw new Error("the policy has one target");
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
  return compareWithRule({ wanted, ours, inTree }, { target }, object(declared), outcome, {
    status: 201,
    warnings: [],
    ...reply,
  });
};

const at = "spec.clusterAuth.impersonateUser";
const warning = `${at}: "carl" replaced by "bob", who may not impersonate it`;
const deny = { targets: [{ preset: "razee", onForbidden: "deny", onEmpty: "deny" }] };
const inTreeDenial = `mustachetemplates "x" is forbidden: ValidatingAdmissionPolicy 'validate.remoteresources.${group}.twin.impersonation-admission' with binding 'validate.remoteresources.${group}.twin.impersonation-admission' denied request: no`;
const denial = `admission webhook "mutate.${group}.impersonation-admission" denied the request: no`;

test("a reply that follows the rule is right", () => {
  expect(resultOf("bob", { body: object("bob") })).toEqual({ kind: "right" });
  expect(resultOf(undefined, { body: object("bob") })).toEqual({ kind: "right" });
  expect(resultOf("carl", { body: object("bob"), warnings: ["another", warning] })).toEqual({ kind: "right" });
  expect(resultOf("carl", { status: 403, body: { message: denial } }, deny)).toEqual({ kind: "right" });
  expect(resultOf("carl", { status: 403, body: { message: inTreeDenial } }, deny)).toEqual({ kind: "right" });
});

test.for([
  ["carl", { body: object("carl") }, {}, `${at} is "carl" in the reply, but must be "bob"`],
  [undefined, { body: {} }, {}, `${at} is empty in the reply, but must be "bob"`],
  ["bob", { body: object("carl") }, {}, `${at} is "carl" in the reply, but must be "bob"`],
  ["carl", { body: object("bob") }, {}, `this warning is missing: ${warning}`],
  ["carl", { status: 403, body: { message: denial } }, {}, denial],
] as const)("declaring %s, %j under %j is wrong", ([declared, reply, more, why]) => {
  expect(resultOf(declared, reply as never, more)).toEqual({ kind: "wrong", why });
});

test("an accepted object that the rule refuses is wrong", () => {
  expect(resultOf("carl", { body: object("carl") }, deny)).toEqual({
    kind: "wrong",
    why: expect.stringMatching(/^the object was accepted, but the rule refuses it: .*"carl"/),
  });
});

test("a failed call of our webhook is wrong, and the key is not shown", () => {
  const message = `Internal error occurred: failed calling webhook "validate.${group}.impersonation-admission": failed to call webhook: Post "https://host/clusters/prod/KEY/validate?timeout=5s": EOF`;
  expect(resultOf("bob", { status: 500, body: { message } })).toEqual({
    kind: "wrong",
    why: message.replace("KEY/validate?timeout=5s", "***"),
  });
  expect(resultOf("carl", { status: 500, body: { message } }, deny)).toMatchObject({ kind: "wrong" });
});

test.for([
  'mustachetemplates.deploy.razee.io is forbidden: User "bob" cannot create resource',
  'admission webhook "quota.example.com" denied the request: too many',
  'MustacheTemplate.deploy.razee.io "x" is invalid: spec.name: Required value',
])("a refusal by another component is not judged by our webhooks: %s", (message) => {
  expect(resultOf("carl", { status: 403, body: { message } }, deny)).toEqual({ kind: "not-judged", why: message });
});

test("in audit mode the object is not changed, and the warning says so", () => {
  const audit = { enforcement: "audit" };
  const auditWarning = `audit (not enforced): ${warning}`;
  expect(resultOf("carl", { body: object("carl"), warnings: [auditWarning] }, audit)).toEqual({ kind: "right" });
  expect(resultOf("carl", { body: object("carl") }, audit)).toEqual({
    kind: "wrong",
    why: `this warning is missing: ${auditWarning}`,
  });
});

const text = { type: "string" };
const objectOf = (properties: object) => ({ type: "object", properties });
const listOf = (items: object) => ({ type: "array", items });

/** The spec of the object that a trial creates for a field, by a schema of the spec. */
const specOf = async (field: object, spec: object, declaration: Declaration = "other name") => {
  const target = { group: "example.com", versions: ["v1"], resources: ["robots"], fields: [field] };
  const policy = readPolicy({ name: "test", targets: [target] });
  const [found] = policy.targets;
  if (!found) throw new Error("the policy has one target");
  const schema = objectOf({ spec, status: objectOf({ account: text }) });
  const definition = { spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: schema } }] } };
  const site = { me: { username: "bob" }, definition: async () => definition } as unknown as Site;
  const subject = { ...target, target: found, version: "v1", resource: "robots", kind: "Robot", namespaced: true };
  const created = await dryRunObject(site, subject, declaration);
  expect(Object.keys(created)).not.toContain("status");
  return created["spec"];
};

const account = (path: string, more: object = {}) => ({ path, serviceAccount: "name", ...more });
const name = "impersonation-admission-doctor";

test.for([
  ["a field of its own path", account("spec.a"), objectOf({ a: text }), { a: name }],
  [
    "an item of a list",
    account("spec.list[*].a"),
    objectOf({ list: listOf(objectOf({ a: text })) }),
    { list: [{ a: name }] },
  ],
  [
    "a member of a map",
    account("spec.map[*].a"),
    objectOf({ map: { type: "object", additionalProperties: objectOf({ a: text }) } }),
    { map: { x: { a: name } } },
  ],
  [
    "the nearest described place at any depth",
    account("spec.**.a"),
    objectOf({ any: { "x-kubernetes-preserve-unknown-fields": true }, list: listOf(objectOf({ a: text })) }),
    { list: [{ a: name }] },
  ],
  ["a list of groups", { path: "spec.groups", names: "group" }, objectOf({ groups: listOf(text) }), { groups: [name] }],
  ["one group", { path: "spec.group", names: "group" }, objectOf({ group: text }), { group: name }],
  ["a patch in a text", { path: "spec.patch", names: "anything" }, objectOf({ patch: text }), { patch: name }],
  [
    "an inline part",
    { path: "spec.inline", names: "anything" },
    objectOf({ inline: { ...objectOf({ a: text }), required: ["a"] } }),
    { inline: { a: "x" } },
  ],
  ["a path that the schema does not have", account("spec.b"), objectOf({ a: text }), undefined],
  ["a field in the status", account("status.account"), objectOf({}), undefined],
] as const)("a trial puts a name into %s", async ([, field, spec, expected]) => {
  expect(await specOf(field, spec)).toEqual(expected);
});

test("a trial without a name has the default that the API server would fill in", async () => {
  const spec = objectOf({ a: { ...text, default: "runner" }, b: text });
  expect(await specOf(account("spec.a"), spec, "no name")).toEqual({ a: "runner" });
  expect(await specOf(account("spec.b"), spec, "no name")).toBe(undefined);
});
