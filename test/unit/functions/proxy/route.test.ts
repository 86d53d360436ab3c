import { expect, test } from "vitest";
import { routeOf } from "../../../../functions/proxy/route.ts";

test.each([
  ["/k8s/clusters/prod/api/v1?limit=1", "/api/v1?limit=1"],
  ["/k8s/clusters/prod", "/"],
  ["/k8s/clusters/prod/", "/"],
  ["/k8s/clusters/prod?x=1", "/?x=1"],
  ["/k8s/clusters/prod//api/../%2e", "//api/../%2e"],
  ["/k8s/clusters/prodx/api", undefined],
  ["/k8s/clusters/pro%64/api", undefined],
  ["/k8s/clusters/prod%2fapi", undefined],
  ["/api/k8s/clusters/prod", undefined],
  ["/", undefined],
])("the target %s goes on as %s", (target, expected) => {
  expect(routeOf(target, { name: "prod" })?.target).toBe(expected);
});

test("at the root, every path is the cluster's", () => {
  expect(routeOf("/k8s/clusters/prod", { name: undefined })).toEqual({ prefix: "", target: "/k8s/clusters/prod" });
});
