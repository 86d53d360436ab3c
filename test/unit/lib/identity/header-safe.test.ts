import fc from "fast-check";
import { expect, test } from "vitest";
import { isHeaderSafe } from "../../../../lib/identity/index.ts";

test.each([
  ["alice", true],
  ["a", true],
  ["!", true],
  ["~", true],
  ["alice smith", true],
  ["alice@example.com", true],
  ["system:serviceaccount:team-a:deployer", true],
  ['"a",%20b', true],
  ["a".repeat(1_024), true],
  ["a".repeat(1_025), false],
  ["", false],
  [" ", false],
  [" alice", false],
  ["alice ", false],
  ["alice\n", false],
  ["alice\r\nImpersonate-Group: system:masters", false],
  ["al\tice", false],
  ["al\u0000ice", false],
  ["al\u007fice", false],
  ["zo\u00eb", false],
  ["bob\u5c71", false],
  ["bob\u00a0", false],
  ["\u202ebob", false],
  ["bob\ud800", false],
])("%j: %s", (name, safe) => {
  expect(isHeaderSafe(name)).toBe(safe);
});

test("a safe name comes back from a header unchanged", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary" })), (name) => {
      const carried = (): string | null => {
        try {
          return new Headers({ "Impersonate-User": name }).get("Impersonate-User");
        } catch {
          return null;
        }
      };
      if (isHeaderSafe(name)) expect(carried()).toBe(name);
      else expect(/^[\x20-\x7e]+$/.test(name) && name.trim() === name).toBe(false);
    }),
  );
});
