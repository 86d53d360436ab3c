import { expect, test } from "vitest";
import { parseWriter, readWriterFile, writersOf } from "../../../../infra/report/writers.ts";

test.for([
  ["alice", "alice", ["system:authenticated"]],
  ["alice,team-a,team-b", "alice", ["team-a", "team-b", "system:authenticated"]],
  [
    "system:serviceaccount:a:b",
    "system:serviceaccount:a:b",
    ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
  ],
  ["system:anonymous", "system:anonymous", ["system:unauthenticated"]],
] as const)("--as-writer %s", ([text, username, groups]) => {
  expect(parseWriter(text)).toEqual({ username, groups, extra: {} });
});

test("a file names users by their field managers", () => {
  const users = readWriterFile("writers.yaml", {
    gitops: "alice",
    edit: { username: "bob", groups: ["team-a", "system:authenticated"], uid: "7", extra: { scopes: ["x"] } },
  });
  expect(users.get("gitops")).toEqual({ username: "alice", groups: ["system:authenticated"], extra: {} });
  expect(users.get("edit")).toEqual({
    username: "bob",
    uid: "7",
    groups: ["team-a", "system:authenticated"],
    extra: { scopes: ["x"] },
  });
});

test.for([
  [["x"], "f must hold a mapping: the name of a field manager, then a username"],
  [null, "f must hold a mapping: the name of a field manager, then a username"],
  [{ m: 5 }, 'f: "m": its user.username is empty or not a string'],
  [{ m: { username: "a", group: "b" } }, 'f: "m": group is unknown; there are username, uid, groups, extra'],
  [{ m: { username: "a", groups: "b" } }, 'f: "m": its user.groups is not a list of strings'],
])("a file that holds %j is refused", ([content, says]) => {
  expect(() => readWriterFile("f", content)).toThrow(says as string);
});

const manager = (name: string) => ({ manager: name, operation: "Update", time: "" });

test("an object is judged by who is meant for all, and by the users of its managers", () => {
  const alice = parseWriter("alice");
  const bob = parseWriter("bob");
  const managers = [manager("gitops"), manager("edit"), manager("gitops")];
  const byManager = new Map([["gitops", bob]]);
  expect(writersOf({ everywhere: [alice], byManager }, managers)).toEqual({ users: [alice, bob], unknown: ["edit"] });
  expect(writersOf({ everywhere: [alice], byManager: undefined }, managers)).toEqual({ users: [alice], unknown: [] });
});
