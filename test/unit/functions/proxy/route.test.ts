import { expect, test } from "vitest";
import { routeOf } from "../../../../functions/proxy/route.ts";

test.each([
  ["/k8s/clusters/prod/api/v1?limit=1", "prod", "/api/v1?limit=1"],
  ["/k8s/clusters/prod", "prod", "/"],
  ["/k8s/clusters/prod/", "prod", "/"],
  ["/k8s/clusters/prod?x=1", "prod", "/?x=1"],
  ["/k8s/clusters/prod//api/../%2e", "prod", "//api/../%2e"],
  ["/k8s/clusters/prodx/api", "prodx", "/api"],
  ["/k8s/clusters/../api", "..", "/api"],
])("the target %s is of the cluster %s, and goes on as %s", (target, name, expected) => {
  expect(routeOf(target)).toEqual({ name, prefix: `/k8s/clusters/${name}`, target: expected });
});

test.each([
  "/k8s/clusters/pro%64/api",
  "/k8s/clusters/prod%2fapi",
  "/k8s/clusters//api",
  "/k8s/clusters/?api",
  "/api/k8s/clusters/prod",
  "/K8s/clusters/prod",
  "//k8s/clusters/prod",
  "/",
])("the target %s is of no cluster", (target) => {
  expect(routeOf(target)).toBeUndefined();
});
