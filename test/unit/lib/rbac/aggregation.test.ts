import { describe, expect, test } from "vitest";
import { authorize, readWorld } from "../../../../lib/rbac/index.ts";
import { ask, clusterRole, clusterRoleBinding, impersonateAccounts, impersonateUsers } from "./build.ts";

type Json = Readonly<Record<string, unknown>>;

const labelled = (manifest: Json, labels: Readonly<Record<string, string>>): Json => ({
  ...manifest,
  metadata: { ...(manifest["metadata"] as object), labels },
});
const aggregating = (manifest: Json, ...clusterRoleSelectors: readonly Json[]): Json => ({
  ...manifest,
  aggregationRule: { clusterRoleSelectors },
});
const withoutRules = ({ rules: _, ...manifest }: Json): Json => manifest;

const bound = clusterRoleBinding("c1", "ClusterRole whole", "User alice");
const part = labelled(clusterRole("part", impersonateUsers("bob")), { team: "a", tier: "1" });
const mayBecome = (manifests: readonly Json[], name: string): boolean => {
  const answer = authorize(readWorld([bound, ...manifests]), ask({ user: "alice" }, { name }));
  return "allowed" in answer && answer.allowed;
};

describe("a ClusterRole with an aggregation rule", () => {
  const teamA = { matchLabels: { team: "a" } };

  test.each<[string, readonly Json[], boolean]>([
    ["counts as stored", [aggregating(clusterRole("whole", impersonateAccounts()), teamA), part], false],
    ["is filled where its rules are empty", [aggregating(clusterRole("whole"), teamA), part], true],
    ["is filled where it has no rules", [aggregating(withoutRules(clusterRole("whole")), teamA), part], true],
    ["is filled where its rules are null", [{ ...aggregating(clusterRole("whole"), teamA), rules: null }, part], true],
    [
      "is filled by any of its selectors",
      [aggregating(clusterRole("whole"), { matchLabels: { x: "y" } }, teamA), part],
      true,
    ],
    [
      "is not filled by what it does not select",
      [aggregating(clusterRole("whole"), { matchLabels: { team: "b" } }), part],
      false,
    ],
    ["is not filled by a missing role", [aggregating(clusterRole("whole"), teamA)], false],
    [
      "is filled by a role that is filled itself",
      [
        aggregating(clusterRole("whole"), { matchLabels: { layer: "middle" } }),
        aggregating(labelled(clusterRole("middle"), { layer: "middle" }), teamA),
        part,
      ],
      true,
    ],
    [
      "takes a stored role as it is stored",
      [
        aggregating(clusterRole("whole"), { matchLabels: { layer: "middle" } }),
        aggregating(labelled(clusterRole("middle", impersonateAccounts()), { layer: "middle" }), teamA),
        part,
      ],
      false,
    ],
    [
      "may select itself and be selected by what it selects",
      [
        aggregating(labelled(clusterRole("whole"), { ring: "1" }), { matchLabels: { ring: "1" } }),
        aggregating(labelled(clusterRole("other"), { ring: "1" }), { matchLabels: { ring: "1" } }, teamA),
        part,
      ],
      true,
    ],
    ["is empty without an aggregation rule", [clusterRole("whole"), part], false],
  ])("%s", (_, manifests, yes) => {
    expect(mayBecome(manifests, "bob")).toBe(yes);
    expect(mayBecome(manifests.toReversed(), "bob")).toBe(yes);
    expect(mayBecome(manifests, "carl")).toBe(false);
  });
});

describe("a label selector", () => {
  const expression = (key: string, operator: string, ...values: readonly string[]) => ({
    matchExpressions: [{ key, operator, ...(values.length > 0 ? { values } : {}) }],
  });

  test.each<[string, Json, boolean]>([
    ["without requirements selects everything", {}, true],
    ["with null requirements selects everything", { matchLabels: null, matchExpressions: null }, true],
    ["needs every label", { matchLabels: { team: "a", tier: "2" } }, false],
    ["with every label", { matchLabels: { team: "a", tier: "1" } }, true],
    ["In", expression("team", "In", "b", "a"), true],
    ["In other values", expression("team", "In", "b"), false],
    ["In, no such label", expression("zone", "In", "a"), false],
    ["NotIn", expression("team", "NotIn", "b"), true],
    ["NotIn its values", expression("team", "NotIn", "b", "a"), false],
    ["NotIn, no such label", expression("zone", "NotIn", "a"), true],
    ["Exists", expression("team", "Exists"), true],
    ["Exists, no such label", expression("zone", "Exists"), false],
    ["DoesNotExist", expression("team", "DoesNotExist"), false],
    ["DoesNotExist, no such label", expression("zone", "DoesNotExist"), true],
    ["needs labels and expressions", { matchLabels: { team: "a" }, ...expression("tier", "In", "2") }, false],
    ["finds no inherited names", expression("constructor", "Exists"), false],
  ])("%s", (_, selector, yes) => {
    expect(mayBecome([aggregating(clusterRole("whole"), selector), part], "bob")).toBe(yes);
  });
});
