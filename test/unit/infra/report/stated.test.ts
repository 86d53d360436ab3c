import { expect, test } from "vitest";
import { statedBy } from "../../../../infra/report/stated.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const resource = { group: "deploy.razee.io", version: "v1", resource: "mustachetemplates" };
const field = ["spec.clusterAuth.impersonateUser"];
const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";

const policyWith = (more: object) =>
  readPolicy({
    name: "test",
    targets: [{ group: resource.group, versions: ["*"], resources: [resource.resource], fields: field, ...more }],
  });

const stated = (value: unknown, more: object = { privileged: { razeedeploy: controller } }, enforcement = "enforce") =>
  statedBy({ ...policyWith(more), enforcement: enforcement as "enforce" }, resource, {
    metadata: { namespace: "a", name: "x" },
    spec: { clusterAuth: { impersonateUser: value } },
  }).map(({ kind, declared, standsFor, permissions }) => [
    kind,
    declared,
    standsFor,
    permissions.map(({ resource: plural, namespace, name }) => [plural, namespace, name].filter(Boolean).join("/")),
  ]);

test.for([
  ["bob", "named", "bob", "", ["users/bob"]],
  ["system:serviceaccount:b:c", "named", "system:serviceaccount:b:c", "", ["serviceaccounts/b/c"]],
  [
    "razeedeploy",
    "privileged",
    "razeedeploy",
    controller,
    ["users/razeedeploy", "serviceaccounts/razeedeploy/razeedeploy-sa"],
  ],
  [controller, "privileged", controller, controller, ["serviceaccounts/razeedeploy/razeedeploy-sa"]],
  ["", "empty", "", "", []],
  [null, "empty", "", "", []],
  [undefined, "empty", "", "", []],
  ["zo\u00eb", "unsafe-name", "zo\u00eb", "", []],
  [5, "not-a-string", "", "", []],
] as const)("%j is %s", ([value, ...expected]) => {
  expect(stated(value)).toEqual([expected]);
});

test("what the object says does not depend on how the policy is enforced", () => {
  for (const enforcement of ["audit", "off"]) expect(stated("bob", {}, enforcement)).toEqual(stated("bob", {}));
});

test("an empty field that may be empty is nothing to look at", () => {
  expect(stated("", { onEmpty: "allow", emptyIsUnprivileged: true })).toEqual([]);
});

test("an empty field that stands for an identity says for whom, and is kept by those who may impersonate that", () => {
  expect(stated("", { emptyStandsFor: "flux" })).toEqual([["empty", "", "flux", ["users/flux"]]]);
});

test("an empty field that has a default is empty, whoever may impersonate the default", () => {
  expect(stated("", { onEmpty: { default: "guest" } })).toEqual([["empty", "", "", ["users/guest"]]]);
});

test("a service account is its username", () => {
  const fields = [{ path: field[0], serviceAccount: "name" }];
  expect(stated("builder", { fields })).toEqual([
    ["named", "system:serviceaccount:a:builder", "", ["serviceaccounts/a/builder"]],
  ]);
  expect(stated("Not A Name", { fields })).toEqual([["unsafe-name", "Not A Name", "", []]]);
});

test("every place of a path is looked at, and an object that has none says nothing", () => {
  const policy = policyWith({ fields: ["spec.steps[*].user"] });
  const kinds = (steps: unknown) =>
    statedBy(policy, resource, { metadata: { name: "x" }, spec: { steps } }).map((one) => [one.field, one.kind]);
  expect(kinds([{ user: "bob" }, {}, { user: 5 }])).toEqual([
    ["spec.steps[0].user", "named"],
    ["spec.steps[1].user", "empty"],
    ["spec.steps[2].user", "not-a-string"],
  ]);
  expect(kinds([])).toEqual([]);
  expect(kinds(Array.from({ length: 65 }, (_, n) => ({ user: `u${n}` })))).toMatchObject([
    [expect.any(String), "too-many-identities"],
  ]);
});

test.for(["unnameable", "unnameable\n"])("no object can name the user that the report judges it with: %j", (name) => {
  expect(stated(name)).toHaveLength(1);
});
