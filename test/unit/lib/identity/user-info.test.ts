import { expect, test } from "vitest";
import { readUserInfo } from "../../../../lib/identity/index.ts";

// The user info that Kubernetes sends for each kind of requester.
test.each([
  [
    "a static token",
    { username: "alice", uid: "2", groups: ["team-a", "system:authenticated"] },
    { username: "alice", uid: "2", groups: ["team-a", "system:authenticated"], extra: {} },
  ],
  [
    "an impersonated user",
    { username: "alice", groups: ["system:authenticated"] },
    { username: "alice", groups: ["system:authenticated"], extra: {} },
  ],
  [
    "groups that stand twice and are empty, kept as they are",
    { username: "alice", groups: ["g", "", "g"] },
    { username: "alice", groups: ["g", "", "g"], extra: {} },
  ],
  [
    "a service account's token",
    {
      username: "system:serviceaccount:t1:s1",
      uid: "b7c1",
      groups: ["system:serviceaccounts", "system:serviceaccounts:t1", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": ["JTI=1"] },
    },
    {
      username: "system:serviceaccount:t1:s1",
      uid: "b7c1",
      groups: ["system:serviceaccounts", "system:serviceaccounts:t1", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": ["JTI=1"] },
    },
  ],
  ["a username alone", { username: "alice" }, { username: "alice", groups: [], extra: {} }],
  [
    "members that are null",
    { username: "alice", uid: null, groups: null, extra: null },
    { username: "alice", groups: [], extra: {} },
  ],
  ["an empty uid", { username: "alice", uid: "" }, { username: "alice", groups: [], extra: {} }],
  [
    "an extra key whose list is null",
    { username: "alice", extra: { a: null, b: [] } },
    { username: "alice", groups: [], extra: { a: [], b: [] } },
  ],
  ["members of no meaning", { username: "alice", more: 1 }, { username: "alice", groups: [], extra: {} }],
])("%s", (_, value, userInfo) => {
  expect(readUserInfo(value)).toEqual(userInfo);
});

test.each([
  [undefined, "request.userInfo is not an object"],
  [null, "request.userInfo is not an object"],
  ["alice", "request.userInfo is not an object"],
  [[], "request.userInfo is not an object"],
  [{}, "request.userInfo.username is empty or not a string"],
  [{ username: "" }, "request.userInfo.username is empty or not a string"],
  [{ username: null }, "request.userInfo.username is empty or not a string"],
  [{ username: ["alice"] }, "request.userInfo.username is empty or not a string"],
  [{ username: "a", uid: 1 }, "request.userInfo.uid is not a string"],
  [{ username: "a", groups: "team-a" }, "request.userInfo.groups is not a list of strings"],
  [{ username: "a", groups: [null] }, "request.userInfo.groups is not a list of strings"],
  [{ username: "a", extra: "x" }, "request.userInfo.extra is not an object"],
  [{ username: "a", extra: { "a b": 1 } }, 'request.userInfo.extra["a b"] is not a list of strings'],
  [{ username: "a", extra: { a: [1] } }, 'request.userInfo.extra["a"] is not a list of strings'],
  [
    { username: "a", extra: { ["x".repeat(300)]: 1 } },
    `request.userInfo.extra["${"x".repeat(256)}... (300 characters)"] is not a list of strings`,
  ],
])("%j", (value, problem) => {
  expect(readUserInfo(value)).toEqual({ problem });
});

test("an extra key called __proto__ is a key like any", () => {
  const read = readUserInfo(JSON.parse('{"username":"alice","extra":{"__proto__":["x"]}}'));
  expect(JSON.stringify(read)).toBe('{"username":"alice","groups":[],"extra":{"__proto__":["x"]}}');
  expect(Object.keys(Object.prototype)).toEqual([]);
});
