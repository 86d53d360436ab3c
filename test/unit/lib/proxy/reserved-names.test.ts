import { expect, test } from "vitest";
import { isReservedName, reservedNameOf } from "../../../../lib/proxy/index.ts";

test.each<readonly [string, readonly string[], readonly string[], string | undefined]>([
  ["alice", ["dev", "oidc:system:masters", "systems:a", "System:masters"], [], undefined],
  ["alice", ["dev", "system:masters"], [], "system:masters"],
  ["system:admin", ["system:masters"], [], "system:admin"],
  ["system:", [], [], "system:"],
  ["system:node:a", ["system:nodes"], ["system:node:a"], "system:nodes"],
  ["system:node:a", ["system:nodes"], ["system:node:a", "system:nodes"], undefined],
  ["system:node:ab", [], ["system:node:a"], "system:node:ab"],
  ["alice", ["system:authenticated"], [], "system:authenticated"],
])("%s in %j, with %j allowed: %s", (username, groups, allowed, expected) => {
  expect(reservedNameOf({ username, groups, extra: {} }, new Set(allowed))).toBe(expected);
});

test("only names that begin with system: are reserved", () => {
  expect(["system:a", "system:", "system", " system:a", "SYSTEM:a", ""].filter(isReservedName)).toEqual([
    "system:a",
    "system:",
  ]);
});
