import { expect, test } from "vitest";
import { isSameQuestion } from "../../../../functions/cluster/same-question.ts";
import { impersonationQuestion } from "../../../../lib/question/index.ts";

const alice = { username: "alice", uid: "u-1", groups: ["dev", "dev"], extra: { scopes: ["a", "b"] } };
const asUser = impersonationQuestion(alice, "bob");
const asAccount = impersonationQuestion(alice, "system:serviceaccount:team-a:bot");
const bare = impersonationQuestion({ username: "alice", uid: "", groups: [], extra: {} }, "bob");

const attributes = { verb: "impersonate", version: "v1", resource: "users", name: "bob" };
const spec = {
  user: "alice",
  uid: "u-1",
  groups: ["dev", "dev"],
  extra: { scopes: ["a", "b"] },
  resourceAttributes: attributes,
};
const account = { ...attributes, resource: "serviceaccounts", namespace: "team-a", name: "bot" };

test.each([
  ["the form that Go writes, without an empty group", asUser, spec],
  ["itself", asUser, asUser],
  [
    "members that were not sent",
    asUser,
    { ...spec, later: 1, resourceAttributes: { ...attributes, fieldSelector: {} } },
  ],
  [
    "empty members",
    asUser,
    { ...spec, resourceAttributes: { ...attributes, group: "", namespace: "", subresource: null } },
  ],
  ["a service account", asAccount, { ...spec, resourceAttributes: account }],
  ["nothing but a name", bare, { user: "alice", resourceAttributes: attributes }],
  ["nothing but a name, and empty members", bare, { ...bare, groups: null, extra: {} }],
])("%s is the question", (_, question, came) => {
  expect(isSameQuestion(question, { spec: came })).toBe(true);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["text", "alice"],
  ["a list", [spec]],
  ["another user", { ...spec, user: "carl" }],
  ["no user", { ...spec, user: undefined }],
  ["another uid", { ...spec, uid: "u-2" }],
  ["fewer groups", { ...spec, groups: ["dev"] }],
  ["groups in another order", { ...spec, groups: ["ops", "dev"] }],
  ["no extra", { ...spec, extra: undefined }],
  ["another extra value", { ...spec, extra: { scopes: ["a"] } }],
  ["one more extra key", { ...spec, extra: { ...spec.extra, more: ["x"] } }],
  ["extra that is a text", { ...spec, extra: "scopes" }],
  ["another name", { ...spec, resourceAttributes: { ...attributes, name: "carl" } }],
  ["another verb", { ...spec, resourceAttributes: { ...attributes, verb: "get" } }],
  ["another resource", { ...spec, resourceAttributes: { ...attributes, resource: "groups" } }],
  ["another group", { ...spec, resourceAttributes: { ...attributes, group: "apps" } }],
  ["a namespace", { ...spec, resourceAttributes: { ...attributes, namespace: "team-a" } }],
  ["a subresource", { ...spec, resourceAttributes: { ...attributes, subresource: "status" } }],
  ["no attributes", { ...spec, resourceAttributes: undefined }],
  ["null attributes", { ...spec, resourceAttributes: null }],
])("%s is another question", (_, came) => {
  expect(isSameQuestion(asUser, { spec: came })).toBe(false);
});

test("a uid, groups and extra that were not sent make another question", () => {
  for (const more of [{ uid: "u-1" }, { groups: ["dev"] }, { extra: { scopes: ["a"] } }])
    expect(isSameQuestion(bare, { spec: { user: "alice", resourceAttributes: attributes, ...more } })).toBe(false);
});

test.each([undefined, null, "x", [], {}])("%j repeats nothing", (review) => {
  expect(isSameQuestion(asUser, review)).toBe(false);
});
