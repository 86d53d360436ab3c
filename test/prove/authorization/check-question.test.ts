import { expect, test } from "vitest";
import { authorize, readWorld } from "../../../lib/rbac/index.ts";
import { checkQuestion } from "./check-question.ts";

// Two roles that are bound and not there: a no with errors.
const world = readWorld(
  ["one", "two"].map((name) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }],
  })),
);
const askedOf = (user: string) => ({
  user,
  groups: [],
  extra: {},
  resourceAttributes: { group: "", version: "v1", resource: "users", verb: "impersonate", name: "bob" },
});
const missing = (name: string) => `clusterrole.rbac.authorization.k8s.io "${name}" not found`;
const errors = `RBAC: [${missing("one")}, ${missing("two")}]`;
const inAnotherOrder = `RBAC: [${missing("two")}, ${missing("one")}]`;

test.each([
  ["before Kubernetes 1.37", "", "alice", errors, true],
  ["the errors in another order", "", "alice", inAnotherOrder, true],
  ["an authorizer that is named before 1.37", "", "alice", `rbac: ${errors}`, false],
  ["from 1.37 on the authorizer is named", "rbac: ", "alice", `rbac: ${errors}`, true],
  ["an authorizer that is not named from 1.37 on", "rbac: ", "alice", errors, false],
  ["an authorizer that is named otherwise", "rbac: ", "alice", `node: ${errors}`, false],
  ["fewer errors", "rbac: ", "alice", `rbac: RBAC: ${missing("one")}`, false],
  ["no reason where there are errors", "rbac: ", "alice", "", false],
  ["no reason where there are none", "rbac: ", "dora", "", true],
  ["a reason where there are no errors", "rbac: ", "dora", "rbac: RBAC: ", false],
])("%s", (_, authorizer, user, reason, agrees) => {
  const response = { status: 201, body: { status: { allowed: false, reason } } };
  const { disagreement } = checkQuestion(authorize, world, askedOf(user), response, authorizer);
  expect(disagreement === undefined).toBe(agrees);
});
