import { describe, expect, test } from "vitest";
import { isNear, nearest } from "../../../../infra/command-line/nearest.ts";

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

describe("the nearest of several names", () => {
  test.each([
    ["contxt", ["context", "kubeconfig"], "context"],
    ["pot", ["post", "port", "pots"], "post"],
    ["kube", ["context", "kubeconfig"], "kubeconfig"],
    ["tls", ["tls-cert", "tls-key"], undefined],
    ["namespace-labels", ["namespace", "namespace-label"], "namespace-label"],
    ["deploy", ["doctor", "report"], undefined],
    ["x", [], undefined],
  ])("%s among %j: %s", (given, names, meant) => {
    expect(nearest(given, names)).toBe(meant);
  });
});
