import { describe, expect, test } from "vitest";
import { rightsIn, type WrittenResource } from "../../../../infra/report/rights.ts";

const api = "rbac.authorization.k8s.io";
const apiVersion = `${api}/v1`;
type Rule = readonly [verbs: string, group: string, resource: string, names?: readonly string[]];
const ruleOf = ([verbs, group, resource, resourceNames]: Rule) => ({
  verbs: verbs.split(","),
  apiGroups: [group],
  resources: [resource],
  ...(resourceNames ? { resourceNames } : {}),
});
const role = (name: string, ...rules: readonly Rule[]) => ({
  apiVersion,
  kind: "ClusterRole",
  metadata: { name },
  rules: rules.map(ruleOf),
});
const bind = (name: string, to: object, namespace?: string) => ({
  apiVersion,
  kind: namespace ? "RoleBinding" : "ClusterRoleBinding",
  metadata: { name: `${name}-${JSON.stringify(to).length}`, ...(namespace ? { namespace } : {}) },
  roleRef: { apiGroup: api, kind: "ClusterRole", name },
  subjects: [to],
});
const user = (name: string) => ({ kind: "User", apiGroup: api, name });
const group = (name: string) => ({ kind: "Group", apiGroup: api, name });
const account = (namespace: string, name: string) => ({ kind: "ServiceAccount", namespace, name });

const resource = { group: "deploy.razee.io", version: "v1", resource: "mustachetemplates" };
const object = { metadata: { namespace: "a", name: "demo" } };
const bob = { verb: "impersonate", group: "", version: "v1", resource: "users", name: "bob" };
const rights = (...objects: readonly object[]) => {
  const notes: string[] = [];
  const read = rightsIn(objects as never, (sentence) => notes.push(sentence));
  return {
    notes,
    mayWrite: read.mayWrite(resource, object),
    /** Who may impersonate bob, and carl too. */
    mayImpersonate: read.may([bob, { ...bob, name: "carl" }]),
  };
};

const author = role("author", ["create,update,patch", "deploy.razee.io", "*"]);
const become = role("become", ["impersonate", "", "users", ["bob", "carl"]]);

test("who may write, in the whole cluster or in the object's namespace", () => {
  const { mayWrite } = rights(
    author,
    bind("author", user("alice")),
    bind("author", group("team-a"), "a"),
    bind("author", group("team-bb"), "b"),
  );
  expect(mayWrite).toEqual(["Group team-a", "User alice"]);
});

test("a grant by name counts for that name", () => {
  const { mayWrite } = rights(
    role("demos", ["update", "deploy.razee.io", "mustachetemplates", ["demo"]]),
    role("others", ["update", "deploy.razee.io", "mustachetemplates", ["other"]]),
    bind("demos", user("alice")),
    bind("others", user("bob")),
  );
  expect(mayWrite).toEqual(["User alice"]);
});

test("who may impersonate is allowed all that is asked, alone or by a group that everybody is in", () => {
  const onlyBob = role("bob", ["impersonate", "", "users", ["bob"]]);
  const onlyCarl = role("carl", ["impersonate", "", "users", ["carl"]]);
  const alone = rights(become, onlyBob, bind("become", user("alice")), bind("bob", user("zoe")));
  expect(alone.mayImpersonate).toEqual(["User alice"]);
  const twice = rights(onlyBob, onlyCarl, bind("bob", user("alice")), bind("carl", user("alice")));
  expect(twice.mayImpersonate).toEqual(["User alice"]);
  const apart = rights(onlyBob, onlyCarl, bind("bob", user("alice")), bind("carl", group("team-a")));
  expect(apart.mayImpersonate).toEqual([]);
  const everybody = group("system:authenticated");
  const widest = rights(onlyBob, onlyCarl, bind("bob", everybody), bind("carl", group("team-a")));
  expect(widest.mayImpersonate).toEqual(["Group team-a"]);
  const accounts = rights(
    onlyBob,
    onlyCarl,
    bind("bob", group("system:serviceaccounts:ci")),
    bind("carl", account("ci", "deployer")),
    bind("carl", account("cd", "deployer-too")),
  );
  expect(accounts.mayImpersonate).toEqual(["ServiceAccount ci/deployer"]);
});

test("a grant to impersonate in one namespace does not cover users, and a field without an identity asks nothing", () => {
  expect(rights(become, bind("become", user("alice"), "a")).mayImpersonate).toEqual([]);
  expect(rightsIn([become, bind("become", user("alice"))] as never, () => {}).may([])).toEqual([]);
});

test("who is meant by a group already is not named again, and the cluster's own controllers come last", () => {
  const { mayWrite } = rights(
    author,
    bind("author", account("kube-system", "generic-garbage-collector")),
    bind("author", user("zoe")),
    bind("author", group("system:masters")),
  );
  expect(mayWrite).toEqual([
    "User zoe",
    "Group system:masters",
    "ServiceAccount kube-system/generic-garbage-collector",
  ]);
  expect(rights(author, bind("author", group("system:authenticated")), bind("author", user("zoe"))).mayWrite).toEqual([
    "Group system:authenticated",
  ]);
});

test("what cannot be read is left out, and said", () => {
  const { mayWrite, notes } = rights(author, bind("author", user("alice")), {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: "broken" },
    rules: [{ verbs: [] }],
  });
  expect(mayWrite).toEqual(["User alice"]);
  expect(notes).toEqual([expect.stringMatching(/^left out of who may do what: ClusterRole "broken": /)]);
});

describe("who may write an object and not keep its field", () => {
  const objects = [
    author,
    become,
    bind("author", user("alice")),
    bind("author", user("dave")),
    bind("author", account("flux-system", "controller")),
    bind("author", group("system:serviceaccounts:a")),
    bind("become", user("alice")),
  ];
  const lose = (keepers: readonly string[], permissions = [bob], of: WrittenResource = resource) =>
    rightsIn(objects as never, () => {}).mayNotKeep(of, object, permissions, keepers);

  test("has no permission for the identity", () => {
    expect(lose([])).toEqual(["ServiceAccount flux-system/controller", "User dave", "Group system:serviceaccounts:a"]);
  });
  test("is not that identity", () => {
    expect(lose(["dave", "system:serviceaccount:flux-system:controller"])).toEqual(["Group system:serviceaccounts:a"]);
  });
  test("is every writer where there is no such permission", () => {
    expect(lose([], [])).toContain("User alice");
  });
  test("may write the status, where that holds the field", () => {
    const status = { ...resource, subresource: "status" };
    const { mayNotKeep } = rightsIn(
      [
        role("objects", ["update", "deploy.razee.io", "mustachetemplates"]),
        role("status", ["update", "deploy.razee.io", "mustachetemplates/status"]),
        bind("objects", user("dave")),
        bind("status", user("carl")),
      ] as never,
      () => {},
    );
    expect(mayNotKeep(status, object, [bob], [])).toEqual(["User carl"]);
  });
});
