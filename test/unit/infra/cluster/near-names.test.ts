import { expect, test } from "vitest";
import type { ApiClient } from "../../../../infra/cluster/api-client.ts";
import { nearNamesIn } from "../../../../infra/cluster/near-names.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

/** The resources of the cluster's groups, each in v1. */
const groups: Readonly<Record<string, readonly string[]>> = {
  "helm.toolkit.fluxcd.io": ["helmreleases"],
  "source.toolkit.fluxcd.io": ["buckets", "gitrepositories"],
  "policy.example.com": ["policies"],
  "other.example.org": ["helmreleases"],
};

const requests: string[] = [];
const api = {
  send: async ({ path }: { readonly path: string }) => {
    requests.push(path);
    const [, , group = "", version] = path.split("/");
    const found = path === "/api/v1" ? ["pods", "services"] : groups[group];
    const versions = [{ version: "v1" }];
    const resources = (found ?? []).map((name) => ({ name, kind: "Any", namespaced: true }));
    const body =
      path === "/apis"
        ? { groups: Object.keys(groups).map((name) => ({ name })) }
        : version || path === "/api/v1"
          ? { resources }
          : { versions, preferredVersion: versions[0] };
    return { status: found || path === "/apis" ? 200 : 404, body, warnings: [] };
  },
} as unknown as ApiClient;

const policy = readPolicy({
  name: "test",
  targets: [{ group: "source.toolkit.fluxcd.io", versions: ["v1"], resources: ["buckets"], fields: ["spec.user"] }],
});

test.for([
  ["a singular", "helmrelease.helm.toolkit.fluxcd.io", ["helmreleases.helm.toolkit.fluxcd.io"]],
  ["a singular in y", "policy.policy.example.com", ["policies.policy.example.com"]],
  ["a slip", "helmrelaeses.helm.toolkit.fluxcd.io", ["helmreleases.helm.toolkit.fluxcd.io"]],
  ["a slip in the group", "helmreleases.helm.toolkit.flxcd.io", ["helmreleases.helm.toolkit.fluxcd.io"]],
  ["an old group", "helmreleases.helm.fluxcd.io", ["helmreleases.helm.toolkit.fluxcd.io"]],
  ["an old group and a singular", "helmrelease.helm.fluxcd.io", ["helmreleases.helm.toolkit.fluxcd.io"]],
  ["a slip in an old group", "helmreleses.helm.fluxcd.io", []],
  ["a group of another domain", "helmreleases.helm.example.net", []],
  ["a resource that the policy covers", "bucket.source.toolkit.fluxcd.io", []],
  ["the core group", "pod.", ["pods"]],
  ["a resource of the core group in a group", "pods.apps", []],
] as const)("%s", async ([, name, expected]) => {
  const [resource = "", ...group] = name.split(".");
  expect(await nearNamesIn(api, policy)({ resource, group: group.join(".") })).toEqual(expected);
});

test("the groups of the cluster are read once", async () => {
  requests.splice(0);
  const near = nearNamesIn(api, policy);
  for (const resource of ["one", "two"]) await near({ group: "helm.toolkit.fluxcd.io", resource });
  expect(requests).toEqual(["/apis", ...new Set(requests.slice(1))]);
  expect(requests.filter((path) => path === "/apis")).toHaveLength(1);
});
