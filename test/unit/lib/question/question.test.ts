import { describe, expect, test } from "vitest";
import type { UserInfo } from "../../../../lib/identity/index.ts";
import { formatQuestion, impersonationQuestion, readAnswer } from "../../../../lib/question/index.ts";
import { idOfQuestion, isPathQuestion, pathQuestion, question } from "../../../../lib/question/question.ts";

const alice: UserInfo = { username: "alice", groups: [], extra: {} };

describe("may the requester impersonate this name?", () => {
  test.each([
    ["bob", { resource: "users", name: "bob" }, "impersonate users/bob"],
    [
      "system:serviceaccount:t1:s1",
      { resource: "serviceaccounts", namespace: "t1", name: "s1" },
      "impersonate serviceaccounts/s1 -n t1",
    ],
    [
      "system:serviceaccount:t1:s1:x",
      { resource: "users", name: "system:serviceaccount:t1:s1:x" },
      "impersonate users/system:serviceaccount:t1:s1:x",
    ],
    ["system:masters", { resource: "users", name: "system:masters" }, "impersonate users/system:masters"],
    ["*", { resource: "users", name: "*" }, "impersonate users/*"],
  ])("%s", (name, attributes, text) => {
    const asked = impersonationQuestion(alice, name);
    expect(asked.resourceAttributes).toEqual({ verb: "impersonate", group: "", version: "v1", ...attributes });
    expect(formatQuestion(asked)).toBe(text);
  });

  test("a uid travels where there is one", () => {
    expect(impersonationQuestion({ ...alice, uid: "2" }, "bob")).toMatchObject({ user: "alice", uid: "2" });
    expect(impersonationQuestion(alice, "bob")).not.toHaveProperty("uid");
  });
});

describe("a question is another one", () => {
  const id = (requester: Partial<UserInfo>, name = "bob") =>
    idOfQuestion(impersonationQuestion({ ...alice, ...requester }, name));

  test.each<[string, Partial<UserInfo>, string?]>([
    ["about another name", {}, "carol"],
    ["about an account of that name", {}, "system:serviceaccount:t1:bob"],
    ["from another requester", { username: "dora" }],
    ["from another requester of that name", { uid: "2" }],
    ["with other groups", { groups: ["team-a"] }],
    ["with other extra", { extra: { scopes: ["user:info"] } }],
  ])("%s", (_, requester, name) => {
    expect(id(requester, name)).not.toBe(id({}));
    expect(id(requester, name)).toBe(id(requester, name));
  });
});

describe("the reply of an API server", () => {
  const review = (status: unknown) => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata: {},
    spec: {},
    status,
  });
  const yes = (reason = "") => ({ allowed: true, reason });
  const no = (reason = "") => ({ allowed: false, reason });
  const none = (what: string) => ({ code: 502, failure: `the SubjectAccessReview came back ${what}` });
  const granted = 'RBAC: allowed by ClusterRoleBinding "c1" of ClusterRole "imp-bob" to User "u-bob"';
  const dangling = 'RBAC: clusterrole.rbac.authorization.k8s.io "no-such-role" not found';

  test.each([
    ["yes", { allowed: true, reason: granted }, yes(granted)],
    ["yes to system:masters, without a reason", { allowed: true }, yes()],
    ["yes, with an evaluation error beside it", { allowed: true, reason: "r", evaluationError: "oops" }, yes("r")],
    ["no", { allowed: false }, no()],
    ["no, because a role is not there", { allowed: false, reason: dangling }, no(dangling)],
    [
      "the same from Kubernetes 1.37, which names the authorizer",
      { allowed: false, reason: `rbac: ${dangling}` },
      no(`rbac: ${dangling}`),
    ],
    ["an express denial", { allowed: false, denied: true, reason: "not you" }, no("not you")],
    ["an express denial beside allowed", { allowed: true, denied: true }, no()],
    ["denied: false and null", { allowed: true, denied: false }, yes()],
    ["denied: null", { allowed: true, denied: null }, yes()],
    ["an empty evaluation error", { allowed: false, evaluationError: "" }, no()],
    ["a reason that is not a string", { allowed: true, reason: 5 }, yes()],
    [
      "an authorizer that could not be asked",
      { allowed: false, evaluationError: 'an error on the server ("") has prevented the request from succeeding' },
      none('with an evaluation error: an error on the server ("") has prevented the request from succeeding'),
    ],
    [
      "an express denial with an evaluation error: no answer",
      { allowed: false, denied: true, evaluationError: "oops" },
      none("with an evaluation error: oops"),
    ],
    [
      "an express denial beside allowed, with an evaluation error",
      { allowed: true, denied: true, evaluationError: "oops" },
      none("with an evaluation error: oops"),
    ],
    [
      "an evaluation error that is not a string",
      { allowed: false, evaluationError: { toString: 1, valueOf: 1 } },
      none('with an evaluation error: {"toString":1,"valueOf":1}'),
    ],
    [
      "an evaluation error as long as a page",
      { allowed: false, evaluationError: "e".repeat(5_000) },
      none(`with an evaluation error: ${"e".repeat(256)}... (5000 characters)`),
    ],
    ["no status", undefined, none("without a status")],
    ["a status that is null", null, none("without a status")],
    ["a status that is a list", [], none("without a status")],
    ["an empty status", {}, none("without a boolean status.allowed")],
    ["a yes that is a string", { allowed: "true" }, none("without a boolean status.allowed")],
    ["a yes that is a number", { allowed: 1 }, none("without a boolean status.allowed")],
    [
      "a denial that is a string",
      { allowed: true, denied: "false" },
      none("with a status.denied that is not a boolean"),
    ],
  ])("%s", (_, status, answer) => {
    expect(readAnswer(review(status))).toEqual(answer);
  });

  test.each([
    ["null", null, none("as something that is not an object")],
    ["a list", [], none("as something that is not an object")],
    ["a text", "yes", none("as something that is not an object")],
    [
      "a Status",
      { apiVersion: "v1", kind: "Status", status: { allowed: true } },
      none("with another kind or apiVersion"),
    ],
    [
      "another version",
      { ...review({ allowed: true }), apiVersion: "authorization.k8s.io/v1beta1" },
      none("with another kind or apiVersion"),
    ],
    [
      "another kind of review",
      { ...review({ allowed: true }), kind: "LocalSubjectAccessReview" },
      none("with another kind or apiVersion"),
    ],
  ])("%s", (_, value, answer) => {
    expect(readAnswer(value)).toEqual(answer);
  });
});

describe("a question about a path", () => {
  const bob: UserInfo = { username: "bob", uid: "7", groups: ["dev"], extra: { scope: ["a"] } };
  const asked = () => pathQuestion(bob, { verb: "get", path: "/metrics" });

  test("holds everything that is known of the requester", () => {
    expect(asked()).toEqual({
      user: "bob",
      uid: "7",
      groups: ["dev"],
      extra: { scope: ["a"] },
      nonResourceAttributes: { verb: "get", path: "/metrics" },
    });
  });

  test("is told from one about a resource", () => {
    expect(isPathQuestion(asked())).toBe(true);
    expect(isPathQuestion(impersonationQuestion(bob, "carol"))).toBe(false);
  });

  test("is another question than one about another path", () => {
    expect(idOfQuestion(asked())).not.toBe(idOfQuestion(pathQuestion(bob, { verb: "get", path: "/version" })));
  });

  test("is written with its verb and its path", () => {
    expect(formatQuestion(asked())).toBe("get /metrics");
  });
});

test("a question about a subresource, and one without a name, are written as kubectl auth can-i takes them", () => {
  const pods = { verb: "create", group: "", version: "v1", resource: "pods", namespace: "a" };
  expect(formatQuestion(question(alice, { ...pods, name: "b", subresource: "exec" }))).toBe(
    "create pods/b --subresource=exec -n a",
  );
  expect(formatQuestion(question(alice, { ...pods, verb: "list", name: "" }))).toBe("list pods -n a");
});
