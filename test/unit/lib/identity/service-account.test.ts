import fc from "fast-check";
import { expect, test } from "vitest";
import { serviceAccountOf, serviceAccountUsername } from "../../../../lib/identity/index.ts";

const label = (length: number) => "a".repeat(length);

test.each([
  ["system:serviceaccount:team-a:deployer", "team-a", "deployer"],
  ["system:serviceaccount:a:b", "a", "b"],
  ["system:serviceaccount:0:1", "0", "1"],
  ["system:serviceaccount:a:b.c-d.e", "a", "b.c-d.e"],
  ["system:serviceaccount:a:b.cd", "a", "b.cd"],
  [`system:serviceaccount:${label(63)}:b`, label(63), "b"],
  [`system:serviceaccount:a:${label(253)}`, "a", label(253)],
])("%s is the service account %s/%s", (username, namespace, name) => {
  expect(serviceAccountOf(username)).toEqual({ namespace, name });
  expect(serviceAccountUsername({ namespace, name })).toBe(username);
});

test.each([
  "",
  "alice",
  "system:serviceaccount",
  "system:serviceaccount:",
  "system:serviceaccount::",
  "system:serviceaccount:a",
  "system:serviceaccount:a:",
  "system:serviceaccount::b",
  "system:serviceaccount:a:b:c",
  "system:serviceaccount:a:b:",
  "system:serviceaccounts:a:b",
  "System:serviceaccount:a:b",
  " system:serviceaccount:a:b",
  "system:serviceaccount:A:b",
  "system:serviceaccount:a:B",
  "system:serviceaccount:a.b:c",
  "system:serviceaccount:a_b:c",
  "system:serviceaccount:-a:b",
  "system:serviceaccount:a-:b",
  "system:serviceaccount:a:-b",
  "system:serviceaccount:a:b-",
  "system:serviceaccount:a:.b",
  "system:serviceaccount:a:b.",
  "system:serviceaccount:a:b..c",
  "system:serviceaccount:a:b.-c",
  "system:serviceaccount:a:b\n",
  "system:serviceaccount:a:*",
  `system:serviceaccount:${label(64)}:b`,
  `system:serviceaccount:a:${label(254)}`,
])("%j is an ordinary user", (username) => {
  expect(serviceAccountOf(username)).toBeUndefined();
});

test("a name that makes a username of more parts does not parse", () => {
  const part = fc.constantFrom("a", "b-c", "A", "", "a:b", "a.b", "-");
  fc.assert(
    fc.property(part, part, (namespace, name) => {
      const parsed = serviceAccountOf(serviceAccountUsername({ namespace, name }));
      expect(parsed ?? { namespace, name }).toEqual({ namespace, name });
    }),
  );
});

test("a long name takes no longer than its length", () => {
  expect(serviceAccountOf(`system:serviceaccount:a:${"a-".repeat(500_000)}`)).toBeUndefined();
  expect(serviceAccountOf(`system:serviceaccount:${"a".repeat(1_000_000)}:b`)).toBeUndefined();
});
