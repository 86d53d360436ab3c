import { expect, test } from "vitest";
import { checkVersions } from "../../../../infra/doctor/check-versions.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const group = "example.com";
const webhooks = (matchPolicy: string) => ({
  webhooks: [
    {
      name: "mutate.example.com",
      matchPolicy,
      rules: [{ apiGroups: [group], apiVersions: ["v1"], resources: ["robots"], operations: ["CREATE"] }],
    },
  ],
});

const examine = async ({
  versions = ["v1"],
  strategy,
  matchPolicy = "Equivalent",
}: {
  versions?: readonly string[];
  strategy?: string;
  matchPolicy?: string;
}) => {
  const fields = ["spec.user"];
  const policy = readPolicy({
    name: "test",
    targets: [
      { group, versions: ["v1"], resources: ["robots"], fields },
      { group: "absent.example.org", versions: ["v1"], resources: ["a", "b", "c"], fields },
    ],
  });
  const served = versions.map((version) => ({ version, kind: "Robot", namespaced: true, hasStatus: true }));
  const site = {
    policy,
    policyName: "test.yaml",
    ours: { mutating: webhooks(matchPolicy), validating: undefined },
    served: new Map([[group, new Map([["robots", served]])]]),
    definition: async () => strategy && { spec: { conversion: { strategy } } },
    api: { send: async () => ({ status: 200, body: { groups: [] }, warnings: [] }) },
  };
  return (await checkVersions(site as unknown as Site)).map(({ status, message }) => `${status}: ${message}`);
};

const absent = "; not installed: absent.example.org";
const covered = "ok: 1 resources are covered in every served version";

test.for([
  ["one version", {}, [`${covered}${absent}`]],
  [
    "another version that a webhook of its own converts",
    { versions: ["v1", "v1beta1"], strategy: "Webhook" },
    [`${covered}; judged after a conversion: v1beta1 of robots.example.com as v1${absent}`],
  ],
  [
    "another version of a built-in kind",
    { versions: ["v2", "v1"] },
    [`${covered}; judged after a conversion: v2 of robots.example.com as v1${absent}`],
  ],
  [
    "another version that is only renamed",
    { versions: ["v1", "v1beta1"], strategy: "None" },
    [
      "warn: robots.example.com is also served in v1beta1. The API server passes such an object to the webhook as v1 and changes only its apiVersion, so a field at another path in v1beta1 is not checked",
    ],
  ],
  [
    "another version that the webhook does not see",
    { versions: ["v1", "v1beta1"], strategy: "Webhook", matchPolicy: "Exact" },
    [
      "fail: robots.example.com is also served in v1beta1, and a webhook with matchPolicy Exact does not see these objects: mutate.example.com misses v1beta1",
    ],
  ],
] as const)("%s", async ([, cluster, expected]) => {
  expect(await examine(cluster)).toEqual(expected);
});
