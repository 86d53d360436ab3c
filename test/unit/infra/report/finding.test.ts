import { expect, test } from "vitest";
import { findingOf, kindOf } from "../../../../infra/report/finding.ts";
import { rightsIn } from "../../../../infra/report/rights.ts";
import { type Kind, statedBy } from "../../../../infra/report/stated.ts";
import type { WouldBe } from "../../../../infra/report/would-be.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const wouldBe = (decision: WouldBe["decision"]): WouldBe => ({
  writer: "w",
  field: "spec.user",
  decision,
  reason: "empty",
  effective: "",
  message: "",
});

test.for([
  ["named", [], "named"],
  ["named", ["self", "permitted"], "named"],
  ["named", ["self", "replaced"], "forbidden"],
  ["named", ["denied"], "forbidden"],
  ["privileged", [], "privileged"],
  ["privileged", ["permitted"], "named"],
  ["privileged", ["permitted", "replaced"], "privileged"],
  ["empty", ["permitted"], "empty"],
  ["empty, for flux", ["self"], "named"],
  ["empty, for flux", ["self", "denied"], "empty"],
  ["empty, for flux", [], "empty"],
  ["not-a-string", [], "not-a-string"],
  ["any-account", [], "any-account"],
  ["any-account", ["permitted"], "named"],
  ["any-account", ["denied"], "any-account"],
  ["other-namespace", ["permitted", "denied"], "other-namespace"],
  ["other-namespace", ["permitted"], "named"],
  ["in-status", ["denied"], "in-status"],
] as const)("%s, judged %j, is %s", ([kind, decisions, expected]) => {
  const [plain, standsFor = ""] = kind.split(", for ");
  const stated = { kind: plain as Kind, standsFor } as ReturnType<typeof statedBy>[number];
  expect(kindOf({ stated, wouldBe: decisions.map(wouldBe) })).toBe(expected);
});

test.for([
  { rule: {}, empty: "the next edit sets it to the editor", named: "sets it to that user" },
  {
    rule: { onEmpty: "deny", onForbidden: "deny" },
    empty: "every edit is refused that leaves it empty",
    named: "is refused",
  },
  {
    rule: { privileged: { root: "admin" } },
    empty:
      "the next edit sets it to the editor; until then its controller acts as itself, and is refused children without an identity",
    named: "sets it to that user",
  },
  {
    rule: { privileged: { root: "admin" }, onPrivilegedRequester: "default" },
    empty: "the next edit sets it to the editor",
    named: "sets it to that user",
  },
  {
    rule: { privileged: { root: "admin" }, onEmpty: "deny" },
    empty:
      "every edit is refused that leaves it empty; until then its controller acts as itself, and is refused children without an identity",
    named: "sets it to that user",
  },
  {
    rule: { emptyStandsFor: "flux", onForbidden: "deny" },
    empty: 'an edit by an editor who may not impersonate "flux" is refused',
    named: "is refused",
  },
  {
    rule: { onEmpty: { default: "guest" } },
    empty: 'the next edit sets it to "guest", or is refused to an editor who may not impersonate that',
    named: "sets it to that user",
  },
])("what enforcing means under $rule", ({ rule, empty, named }) => {
  const resource = { group: "example.com", version: "v1", resource: "robots", hasStatus: true };
  const policy = readPolicy({
    name: "test",
    targets: [{ group: "example.com", versions: ["v1"], resources: ["robots"], fields: ["spec.user"], ...rule }],
  });
  const [target] = policy.targets;
  const finding = (user: string) => {
    const object = { metadata: { name: "r2" }, spec: { user } };
    const [stated] = statedBy(policy, resource, object);
    if (!stated || !target) throw new Error("there is one");
    return findingOf({ resource, target, object, stated, managers: { field: [], spec: [] }, wouldBe: [] }, undefined);
  };
  expect(finding("")).toMatchObject({ finding: "empty", whenEnforced: empty, mayWrite: null, mayImpersonate: null });
  expect(finding("bob").whenEnforced).toBe(`an edit by a user who may not impersonate it ${named}`);
  expect(finding("bob")).toMatchObject({ resource: "robots.example.com", namespace: "", name: "r2" });
});

test("a field with a permission of its own says that permission", () => {
  const resource = { group: "example.com", version: "v1", resource: "works", hasStatus: true };
  const permission = { verb: "execute-as", group: "example.com", resource: "works" };
  const fields = [{ path: "spec.user", permission, emptyStandsFor: "agent" }];
  const policy = readPolicy({
    name: "test",
    targets: [{ group: "example.com", versions: ["v1"], resources: ["works"], fields }],
  });
  const [target] = policy.targets;
  const finding = (user: string) => {
    const object = { metadata: { namespace: "a", name: "w" }, spec: { user } };
    const [stated] = statedBy(policy, resource, object);
    if (!stated || !target) throw new Error("there is one");
    return findingOf({ resource, target, object, stated, managers: { field: [], spec: [] }, wouldBe: [] }, undefined);
  };
  const asked = (name: string): string => `without the permission to execute-as works.example.com/${name} -n a`;
  expect(finding("").whenEnforced).toBe(`an edit by an editor ${asked("agent")} is refused`);
  expect(finding("bob").whenEnforced).toBe(`an edit by a user ${asked("bob")} is refused`);
});

test("a value that is not read is to be left out", () => {
  const resource = { group: "example.com", version: "v1", resource: "robots", hasStatus: true };
  const fields = [{ path: "spec.kubeConfig", standsFor: "system:serviceaccount:robots:robot" }];
  const policy = readPolicy({
    name: "test",
    targets: [{ group: "example.com", versions: ["v1"], resources: ["robots"], fields }],
  });
  const [target] = policy.targets;
  const object = { metadata: { namespace: "a", name: "r2" }, spec: { kubeConfig: { secretRef: { name: "prod" } } } };
  const [stated] = statedBy(policy, resource, object);
  if (!stated || !target) throw new Error("there is one");
  const evidence = { resource, target, object, stated, managers: { field: [], spec: [] }, wouldBe: [] };
  expect(findingOf(evidence, undefined)).toMatchObject({
    ...{ field: "spec.kubeConfig", finding: "privileged", declared: "", standsFor: fields[0]?.standsFor },
    whenEnforced: "an edit by a user who may not impersonate it is refused",
    fix: "leave spec.kubeConfig out, or see that only those edit the object who may impersonate serviceaccounts/robot -n robots; it stands for system:serviceaccount:robots:robot",
  });
});

const robot = "system:serviceaccount:a:robot";
test.each([
  ["an empty field", { path: "spec.account", serviceAccount: "name", emptyStandsFor: robot }, {}],
  ["a value that is not read", { path: "spec.kubeConfig", standsFor: robot }, { kubeConfig: { name: "prod" } }],
])("those whose writes are not refused are not among those who may not keep %s", (_, field, spec) => {
  const resource = { group: "example.com", version: "v1", resource: "robots", hasStatus: true };
  const fields = [field];
  const policy = readPolicy({
    name: "test",
    targets: [
      { group: "example.com", versions: ["v1"], resources: ["arms"], fields },
      {
        ...{ group: "example.com", versions: ["v1"], resources: ["robots"], fields },
        writers: [{ username: "system:serviceaccount:a:copier", copiesFrom: "arms.example.com" }],
      },
    ],
  });
  const [, target] = policy.targets;
  const object = { metadata: { namespace: "a", name: "r2" }, spec };
  const [stated] = statedBy(policy, resource, object);
  if (!stated || !target) throw new Error("there is one");
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const account = (namespace: string, name: string) => ({ kind: "ServiceAccount", namespace, name });
  const rule = { verbs: ["update"], apiGroups: ["example.com"], resources: ["robots"] };
  const rights = rightsIn(
    [
      { apiVersion, kind: "ClusterRole", metadata: { name: "w" }, rules: [rule] },
      {
        ...{ apiVersion, kind: "ClusterRoleBinding", metadata: { name: "w" } },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "w" },
        subjects: [
          account("a", "robot"),
          account("a", "copier"),
          account("kube-system", "generic-garbage-collector"),
          account("b", "robot"),
        ],
      },
    ],
    () => {},
  );
  const evidence = { resource, target, object, stated, managers: { field: [], spec: [] }, wouldBe: [] };
  expect(findingOf(evidence, rights).mayNotKeep).toEqual(["ServiceAccount b/robot"]);
});
