import { expect, test } from "vitest";
import { isNear } from "../../../../infra/cluster/near-names.ts";

test.each([
  ["kustomization", "kustomizations", true],
  ["kustomisation", "kustomizations", true],
  ["helmrelease", "helmreleases", true],
  ["mustachetemplates", "mustachetemplates", true],
  ["pods", "nodes", true],
  ["secrets", "deployments", false],
  ["job", "cronjobs", false],
])("%s is near %s: %j", (one, other, near) => {
  expect([isNear(one, other), isNear(other, one)]).toEqual([near, near]);
});
