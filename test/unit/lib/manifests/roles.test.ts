import { describe, expect, test } from "vitest";
import { formatQuestion, impersonationQuestion } from "../../../../lib/index.ts";
import { askerRoles, serviceAccountImpersonatorRoles, userImpersonatorRoles } from "../../../../lib/manifests/index.ts";
import { authorize, readWorld } from "../../../../lib/rbac/index.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

test.each([
  ["guard", { kind: "User", apiGroup, name: "guard" }],
  ["system:serviceaccount:guard:admission", { kind: "ServiceAccount", namespace: "guard", name: "admission" }],
])("%s may ask, and no more", (username, subject) => {
  expect(askerRoles(username)).toEqual([
    {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name: "impersonation-admission" },
      rules: [{ apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] }],
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: "impersonation-admission" },
      roleRef: { apiGroup, kind: "ClusterRole", name: "impersonation-admission" },
      subjects: [subject],
    },
  ]);
});

test("the asker's role may have another name", () => {
  expect(askerRoles("guard", "other").map(({ metadata }) => metadata.name)).toEqual(["other", "other"]);
});

test("one user may impersonate another", () => {
  expect(userImpersonatorRoles("alice", "Bob@example.com")).toEqual([
    {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name: "impersonate-user-bob-example-com" },
      rules: [{ apiGroups: [""], resources: ["users"], resourceNames: ["Bob@example.com"], verbs: ["impersonate"] }],
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: "impersonate-user-bob-example-com-by-alice" },
      roleRef: { apiGroup, kind: "ClusterRole", name: "impersonate-user-bob-example-com" },
      subjects: [{ kind: "User", apiGroup, name: "alice" }],
    },
  ]);
});

test("one user may impersonate a service account", () => {
  expect(
    serviceAccountImpersonatorRoles("system:serviceaccount:ci:runner", { namespace: "team-a", name: "deployer" }),
  ).toEqual([
    {
      apiVersion,
      kind: "Role",
      metadata: { name: "impersonate-serviceaccount-deployer", namespace: "team-a" },
      rules: [{ apiGroups: [""], resources: ["serviceaccounts"], resourceNames: ["deployer"], verbs: ["impersonate"] }],
    },
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: {
        name: "impersonate-serviceaccount-deployer-by-system-serviceaccount-ci-runner",
        namespace: "team-a",
      },
      roleRef: { apiGroup, kind: "Role", name: "impersonate-serviceaccount-deployer" },
      subjects: [{ kind: "ServiceAccount", namespace: "ci", name: "runner" }],
    },
  ]);
});

describe("the roles grant what they are named after, and nothing else", () => {
  const deployer = { namespace: "team-a", name: "deployer" };
  const byName = (objects: readonly object[]) =>
    // As kubectl apply does: an object replaces one of the same kind and name.
    [
      ...new Map(
        objects.map((object) => [
          JSON.stringify([(object as { kind: string }).kind, (object as { metadata: object }).metadata]),
          object,
        ]),
      ).values(),
    ];
  const world = readWorld(
    byName([
      ...userImpersonatorRoles("alice", "bob"),
      ...userImpersonatorRoles("dora", "bob"),
      ...userImpersonatorRoles("alice", "carol"),
      ...serviceAccountImpersonatorRoles("alice", deployer),
      ...serviceAccountImpersonatorRoles("dora", deployer),
      ...askerRoles("guard"),
    ]),
  );

  test.each([
    ["alice", "bob", true],
    ["dora", "bob", true],
    ["alice", "carol", true],
    ["dora", "carol", false],
    ["bob", "alice", false],
    ["guard", "bob", false],
    ["alice", "system:serviceaccount:team-a:deployer", true],
    ["dora", "system:serviceaccount:team-a:deployer", true],
    ["alice", "system:serviceaccount:team-b:deployer", false],
    ["alice", "system:serviceaccount:team-a:other", false],
  ])("%s as %s: %s", (username, name, allowed) => {
    const question = impersonationQuestion({ username, groups: [], extra: {} }, name);
    expect(authorize(world, question), formatQuestion(question)).toMatchObject({ allowed });
  });
});
