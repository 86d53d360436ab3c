import { describe, expect, test } from "vitest";
import type { ResourceAttributes } from "../../../../lib/question/question.ts";
import { authorize, readWorld } from "../../../../lib/rbac/index.ts";
import {
  ask,
  clusterRole,
  clusterRoleBinding,
  impersonateAccounts,
  impersonateUsers,
  role,
  roleBinding,
  rule,
} from "./build.ts";

type Who = Parameters<typeof ask>[0];
type Row = readonly [what: string, who: Who, attributes: Partial<ResourceAttributes>, reason: string | false];

const alice: Who = { user: "alice" };

/** Each row is a question to the same world. A text is the reason of a yes; `false` is a no without a reason. */
const answers = (name: string, manifests: readonly unknown[], rows: readonly Row[]) =>
  describe(name, () => {
    test.each(rows)("%s", (_, who, attributes, reason) => {
      const expected = reason === false ? { allowed: false, reason: "" } : { allowed: true, reason };
      expect(authorize(readWorld(manifests), ask(who, attributes))).toEqual(expected);
    });
  });

const byC1 = 'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to User "alice"';
const byB1 = 'RBAC: allowed by RoleBinding "b1/t1" of ClusterRole "imp" to User "alice"';

answers(
  "users by name",
  [clusterRole("imp", impersonateUsers("bob")), clusterRoleBinding("c1", "ClusterRole imp", "User alice")],
  [
    ["the name", alice, { name: "bob" }, byC1],
    ["another name", alice, { name: "carl" }, false],
    ["another case", alice, { name: "Bob" }, false],
    ["no name", alice, { name: "" }, false],
    ["the name *", alice, { name: "*" }, false],
    ["another requester", { user: "carl" }, { name: "bob" }, false],
    ["a requester in another case", { user: "Alice" }, { name: "bob" }, false],
    ["a group of the requester's name", { user: "carl", groups: ["alice"] }, { name: "bob" }, false],
    ["the same name as a group", alice, { resource: "groups", name: "bob" }, false],
    ["in any namespace", alice, { name: "bob", namespace: "t1" }, byC1],
  ],
);

answers(
  "users without names",
  [clusterRole("imp", impersonateUsers()), clusterRoleBinding("c1", "ClusterRole imp", "User alice")],
  [
    ["any name", alice, { name: "bob" }, byC1],
    ["the empty name", alice, { name: "" }, byC1],
    ["a service account that is asked as a user", alice, { name: "system:serviceaccount:t1:s1" }, byC1],
    ["the same service account as one", alice, { resource: "serviceaccounts", namespace: "t1", name: "s1" }, false],
    ["users of another group", alice, { group: "authentication.k8s.io" }, false],
    ["the group *", alice, { group: "*" }, false],
    ["a constrained verb", alice, { verb: "impersonate:user-info" }, false],
    ["the verb in another case", alice, { verb: "Impersonate" }, false],
    ["the resource in another case", alice, { resource: "Users" }, false],
    ["a nonsense version", alice, { version: "nonsense" }, byC1],
    ["an empty verb", alice, { verb: "" }, false],
    ["an empty resource", alice, { resource: "" }, false],
  ],
);

answers(
  "users by a RoleBinding",
  [clusterRole("imp", impersonateUsers()), roleBinding("t1", "b1", "ClusterRole imp", "User alice")],
  [
    ["cluster-wide", alice, {}, false],
    ["with an empty namespace", alice, { namespace: "" }, false],
    ["with the binding's namespace, wrongly", alice, { namespace: "t1" }, byB1],
    ["with another namespace", alice, { namespace: "t2" }, false],
  ],
);

answers(
  "service accounts by a RoleBinding",
  [
    clusterRole("imp", impersonateAccounts()),
    clusterRole("imp-s1", impersonateAccounts("s1")),
    roleBinding("t1", "b1", "ClusterRole imp", "User alice"),
    roleBinding("t1", "b2", "ClusterRole imp-s1", "User bob"),
  ],
  [
    ["of its namespace", alice, { resource: "serviceaccounts", namespace: "t1", name: "s1" }, byB1],
    ["of another namespace", alice, { resource: "serviceaccounts", namespace: "t2", name: "s1" }, false],
    ["of no namespace", alice, { resource: "serviceaccounts", name: "s1" }, false],
    [
      "by name",
      { user: "bob" },
      { resource: "serviceaccounts", namespace: "t1", name: "s1" },
      'RBAC: allowed by RoleBinding "b2/t1" of ClusterRole "imp-s1" to User "bob"',
    ],
    ["by another name", { user: "bob" }, { resource: "serviceaccounts", namespace: "t1", name: "s2" }, false],
    ["by no name", { user: "bob" }, { resource: "serviceaccounts", namespace: "t1", name: "" }, false],
  ],
);

const byEdit = 'RBAC: allowed by RoleBinding "editors/t1" of ClusterRole "system:aggregate-to-edit" to User "alice"';

answers(
  "the fragments of edit and view in a namespace",
  [
    clusterRole(
      "system:aggregate-to-edit",
      impersonateAccounts(),
      rule("create,delete,patch,update", "", "serviceaccounts"),
      rule("create", "", "serviceaccounts/token"),
    ),
    clusterRole("system:aggregate-to-view", rule("get,list,watch", "", "serviceaccounts")),
    clusterRole("system:aggregate-to-admin", rule("create", "authorization.k8s.io", "localsubjectaccessreviews")),
    roleBinding("t1", "editors", "ClusterRole system:aggregate-to-edit", "User alice"),
    roleBinding("t1", "viewers", "ClusterRole system:aggregate-to-view", "User bob"),
    roleBinding("t1", "admins", "ClusterRole system:aggregate-to-admin", "User bob"),
  ],
  [
    ["edit impersonates", alice, { resource: "serviceaccounts", namespace: "t1", name: "s1" }, byEdit],
    [
      "edit creates tokens",
      alice,
      { verb: "create", resource: "serviceaccounts", subresource: "token", namespace: "t1", name: "s1" },
      byEdit,
    ],
    ["view and admin do not", { user: "bob" }, { resource: "serviceaccounts", namespace: "t1", name: "s1" }, false],
  ],
);

const authentication = "authentication.k8s.io";

answers(
  "uids, groups and extra values",
  [
    clusterRole(
      "imp",
      rule("impersonate", authentication, "uids,userextras/scopes"),
      rule("impersonate", "", "groups"),
    ),
    clusterRoleBinding("c1", "ClusterRole imp", "User alice"),
  ],
  [
    ["a uid", alice, { group: authentication, resource: "uids", name: "u-1" }, byC1],
    ["a uid in the core group", alice, { resource: "uids", name: "u-1" }, false],
    ["a group", alice, { resource: "groups", name: "team-a" }, byC1],
    ["a group in the other group", alice, { group: authentication, resource: "groups", name: "team-a" }, false],
    [
      "an extra value",
      alice,
      { group: authentication, resource: "userextras", subresource: "scopes", name: "x" },
      byC1,
    ],
    ["its key in another case", alice, { group: authentication, resource: "userextras", subresource: "Scopes" }, false],
    ["no key", alice, { group: authentication, resource: "userextras" }, false],
    ["the key in one string", alice, { group: authentication, resource: "userextras/scopes" }, byC1],
  ],
);

answers(
  "wildcards in a rule",
  [clusterRole("imp", rule("*", "*", "*")), clusterRoleBinding("c1", "ClusterRole imp", "User alice")],
  [
    ["impersonate", alice, {}, byC1],
    ["a constrained verb", alice, { verb: "impersonate:user-info", group: authentication }, byC1],
    ["the verb *", alice, { verb: "*" }, byC1],
    ["the group *", alice, { group: "*" }, byC1],
    ["any subresource", alice, { resource: "userextras", subresource: "scopes" }, byC1],
  ],
);

answers(
  "rules on URLs",
  [
    clusterRole("imp", { verbs: ["*"], nonResourceURLs: ["*", "/users", "users"] }),
    clusterRoleBinding("c1", "ClusterRole imp", "User alice"),
  ],
  [
    ["never answer for resources", alice, {}, false],
    ["not even for an empty one", alice, { resource: "", name: "" }, false],
  ],
);

answers(
  "subjects",
  [
    clusterRole("imp", impersonateUsers()),
    role("t1", "imp-here", impersonateUsers()),
    clusterRoleBinding("c1", "ClusterRole imp", "Group team-a", "Group system:serviceaccounts", "ServiceAccount t1/s1"),
    clusterRoleBinding("c2", "ClusterRole imp", "User system:serviceaccount:t1:s2", "User *", "Group *"),
    roleBinding("t1", "b1", "Role imp-here", "ServiceAccount here", "ServiceAccount t2/there"),
  ],
  [
    [
      "a group",
      { user: "alice", groups: ["x", "team-a"] },
      {},
      'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to Group "team-a"',
    ],
    [
      "a group and no user",
      { groups: ["team-a"] },
      {},
      'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to Group "team-a"',
    ],
    ["a user of the group's name", { user: "team-a" }, {}, false],
    ["a group in another case", { user: "alice", groups: ["Team-A"] }, {}, false],
    ["no implicit groups", { user: "system:serviceaccount:t1:other" }, {}, false],
    ["* is not a wildcard", { user: "alice", groups: ["x"] }, {}, false],
    ["a user called *", { user: "*" }, {}, 'RBAC: allowed by ClusterRoleBinding "c2" of ClusterRole "imp" to User "*"'],
    [
      "a service account by its username alone",
      { user: "system:serviceaccount:t1:s1" },
      {},
      'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to ServiceAccount "s1/t1"',
    ],
    [
      "a service account's groups where the question has them: the first subject that applies is named",
      { user: "system:serviceaccount:t1:s1", groups: ["system:serviceaccounts", "system:serviceaccounts:t1"] },
      {},
      'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to Group "system:serviceaccounts"',
    ],
    [
      "a service account as a user",
      { user: "system:serviceaccount:t1:s2" },
      {},
      'RBAC: allowed by ClusterRoleBinding "c2" of ClusterRole "imp" to User "system:serviceaccount:t1:s2"',
    ],
    ["a service account of another namespace", { user: "system:serviceaccount:t2:s1" }, {}, false],
    ["what only begins like one", { user: "system:serviceaccount:t1:s1:x" }, {}, false],
    [
      "a service account without a namespace is one of the RoleBinding's",
      { user: "system:serviceaccount:t1:here" },
      { namespace: "t1" },
      'RBAC: allowed by RoleBinding "b1/t1" of Role "imp-here" to ServiceAccount "here/t1"',
    ],
    ["and of no other", { user: "system:serviceaccount:t2:here" }, { namespace: "t1" }, false],
    [
      "a service account of another namespace than the RoleBinding's",
      { user: "system:serviceaccount:t2:there" },
      { namespace: "t1" },
      'RBAC: allowed by RoleBinding "b1/t1" of Role "imp-here" to ServiceAccount "there/t2"',
    ],
  ],
);

answers(
  "roles",
  [
    clusterRole("same-name", impersonateUsers()),
    role("t1", "same-name", impersonateAccounts()),
    role("t2", "same-name", impersonateUsers()),
    roleBinding("t1", "b1", "Role same-name", "User alice"),
    roleBinding("t2", "b2", "ClusterRole same-name", "User bob"),
    roleBinding("t1", "nothing", "Role same-name"),
  ],
  [
    [
      "a Role of the binding's namespace",
      alice,
      { resource: "serviceaccounts", namespace: "t1" },
      'RBAC: allowed by RoleBinding "b1/t1" of Role "same-name" to User "alice"',
    ],
    ["not the Role of another namespace, nor the ClusterRole", alice, { namespace: "t1" }, false],
    [
      "a ClusterRole",
      { user: "bob" },
      { namespace: "t2" },
      'RBAC: allowed by RoleBinding "b2/t2" of ClusterRole "same-name" to User "bob"',
    ],
  ],
);

answers(
  "system:masters",
  [],
  [
    ["may do everything, without a reason", { user: "root", groups: ["x", "system:masters"] }, { verb: "*" }, ""],
    ["also without a name", { groups: ["system:masters"] }, {}, ""],
    ["is a group, not a user", { user: "system:masters" }, {}, false],
    ["is matched as a whole", { user: "root", groups: ["system:masters:x", "System:Masters"] }, {}, false],
  ],
);

answers("an empty world", [], [["allows nothing", { user: "alice", groups: ["system:authenticated"] }, {}, false]]);

describe("a role that is not there", () => {
  const missing = clusterRoleBinding("a-first", "ClusterRole no-such-role", "User alice");
  const missingHere = roleBinding("t1", "b-first", "Role no-such-role", "User alice");
  const imp = clusterRole("imp", impersonateUsers("bob"));
  const cluster = 'clusterrole.rbac.authorization.k8s.io "no-such-role" not found';
  const local = 'role.rbac.authorization.k8s.io "no-such-role" not found';
  const no = (reason: string) => ({ allowed: false, reason });

  test.each<[string, readonly unknown[], Parameters<typeof ask>, object]>([
    ["is the reason of a no", [missing], [alice, {}], no(`RBAC: ${cluster}`)],
    ["is a Role's in a RoleBinding", [missingHere], [alice, { namespace: "t1" }], no(`RBAC: ${local}`)],
    ["does not matter to others", [missing], [{ user: "bob" }, {}], no("")],
    ["does not matter elsewhere", [missingHere], [alice, { namespace: "t2" }], no("")],
    [
      "is listed with the others",
      [missing, missingHere],
      [alice, { namespace: "t1" }],
      no(`RBAC: [${cluster}, ${local}]`),
    ],
    [
      "is named once",
      [missing, clusterRoleBinding("again", "ClusterRole no-such-role", "User alice")],
      [alice, {}],
      no(`RBAC: ${cluster}`),
    ],
    [
      "is named where other roles do not suffice",
      [missing, imp, clusterRoleBinding("c1", "ClusterRole imp", "User alice")],
      [alice, { name: "carl" }],
      no(`RBAC: ${cluster}`),
    ],
    [
      "hides no binding after it",
      [missing, imp, clusterRoleBinding("c1", "ClusterRole imp", "User alice")],
      [alice, {}],
      { allowed: true, reason: byC1 },
    ],
    [
      "hides no RoleBinding",
      [missing, imp, missingHere, roleBinding("t1", "b1", "ClusterRole imp", "User alice")],
      [alice, { namespace: "t1" }],
      { allowed: true, reason: byB1 },
    ],
    [
      "is not found in another namespace",
      [role("t2", "no-such-role", impersonateUsers()), missingHere],
      [alice, { namespace: "t1" }],
      no(`RBAC: ${local}`),
    ],
  ])("%s", (_, manifests, question, answer) => {
    expect(authorize(readWorld(manifests), ask(...question))).toEqual(answer);
  });
});

test("of several bindings that allow it, a ClusterRoleBinding is named first", () => {
  const imp = clusterRole("imp", impersonateUsers());
  const local = roleBinding("t1", "b1", "ClusterRole imp", "User alice");
  const wide = clusterRoleBinding("c1", "ClusterRole imp", "User alice");
  expect(authorize(readWorld([local, wide, imp]), ask(alice, { namespace: "t1" }))).toEqual({
    allowed: true,
    reason: byC1,
  });
});

test("names are quoted as the API server quotes them", () => {
  const user = 'al"ice\u202e\n';
  const world = readWorld([
    clusterRole("imp", impersonateUsers()),
    clusterRoleBinding("c1", "ClusterRole imp", `User ${user}`),
  ]);
  expect(authorize(world, ask({ user }, {}))).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp" to User "al\\"ice\\u202e\\n"',
  });
});

test("a question without a user and without groups has no answer", () => {
  const failure = "the question has no user and no group: at least one of them must be specified";
  expect(authorize(readWorld([]), ask({}, {}))).toEqual({ code: 502, failure });
});
