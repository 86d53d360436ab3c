import { describe, expect, test } from "vitest";
import { anonymous, authenticatedGroups, impersonatedGroups } from "../../../../lib/identity/implied-groups.ts";

const authenticated = "system:authenticated";
const unauthenticated = "system:unauthenticated";
const account = "system:serviceaccount:a:b";

test("requests without a credential are of system:anonymous", () => {
  expect(anonymous).toBe("system:anonymous");
});

describe("the groups of an impersonated user", () => {
  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    ["a user without groups", "alice", [], [authenticated]],
    ["a user with groups", "alice", ["dev"], ["dev", authenticated]],
    ["system:authenticated is there once", "alice", [authenticated, "dev"], [authenticated, "dev"]],
    ["system:unauthenticated excludes it", "alice", ["dev", unauthenticated], ["dev", unauthenticated]],
    ["a service account", account, [], ["system:serviceaccounts", "system:serviceaccounts:a", authenticated]],
    ["a service account with groups has these", account, ["dev"], ["dev", authenticated]],
    ["system:anonymous", anonymous, [], [unauthenticated]],
    ["system:anonymous with groups", anonymous, ["dev"], ["dev", unauthenticated]],
    ["system:unauthenticated is there once", anonymous, [unauthenticated], [unauthenticated]],
    ["system:anonymous in system:authenticated", anonymous, [authenticated], [authenticated, unauthenticated]],
  ])("%s", (_, username, asked, groups) => {
    expect(impersonatedGroups(username, asked)).toEqual(groups);
  });
});

describe("the groups of an authenticated user", () => {
  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    ["a user", "alice", ["dev"], ["dev", authenticated]],
    ["a user without groups", "alice", [], [authenticated]],
    ["a user that has the group", "alice", [authenticated], [authenticated]],
    ["a user in system:unauthenticated", "alice", ["dev", unauthenticated], ["dev", unauthenticated]],
    ["system:anonymous", anonymous, ["dev"], ["dev"]],
  ])("%s", (_, username, groups, expected) => {
    expect(authenticatedGroups({ username, groups })).toEqual(expected);
  });
});
