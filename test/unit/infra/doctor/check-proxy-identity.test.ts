import { expect, test } from "vitest";
import { differencesBetween } from "../../../../infra/doctor/check-proxy-identity.ts";
import type { UserInfo } from "../../../../lib/identity/index.ts";

const alice: UserInfo = { username: "alice", uid: "1", groups: ["a", "b"], extra: { scope: ["x", "y"] } };

test.each<[string, Partial<UserInfo>, readonly string[]]>([
  ["nothing", {}, []],
  ["the order of groups", { groups: ["b", "a"] }, []],
  ["a group that is there twice", { groups: ["a", "b", "a"] }, []],
  [
    "the id of the credential",
    { extra: { ...alice.extra, "authentication.kubernetes.io/credential-id": ["JTI=1"] } },
    [],
  ],
  ["the username", { username: "bob" }, ['username is "alice" directly and "bob" through it']],
  ["the uid", { uid: "" }, ['uid is "1" directly and "" through it']],
  ["a group less", { groups: ["a"] }, ['groups is ["a","b"] directly and ["a"] through it']],
  ["a group more", { groups: ["a", "b", "c"] }, ['groups is ["a","b"] directly and ["a","b","c"] through it']],
  [
    "a value of extra, and a key more",
    { extra: { scope: ["x"], other: ["z"] } },
    ['extra other is [] directly and ["z"] through it', 'extra scope is ["x","y"] directly and ["x"] through it'],
  ],
])("%s", (_, through, sentences) => {
  expect(differencesBetween(alice, { ...alice, ...through })).toEqual(sentences);
});
