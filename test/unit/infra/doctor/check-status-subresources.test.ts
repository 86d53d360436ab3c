import { expect, test } from "vitest";
import { checkStatusSubresources } from "../../../../infra/doctor/check-status-subresources.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const group = "argoproj.io";
const schema = (root: object) => ({ schema: { openAPIV3Schema: { type: "object", ...root } } });
const withStatus = schema({ properties: { spec: {}, status: { type: "object" } } });
const withoutStatus = schema({ properties: { spec: {} } });
const keepsAll = schema({ "x-kubernetes-preserve-unknown-fields": true });

const examine = async (target: object, hasStatus: boolean, version: object | undefined) => {
  const policy = readPolicy({
    name: "test",
    targets: [
      { group, versions: ["*"], resources: ["workflows"], fields: ["spec.runAs"], onForbidden: "deny", ...target },
    ],
  });
  const served = [{ version: "v1alpha1", kind: "Any", namespaced: true, hasStatus }];
  const resources = policy.targets.flatMap((each) => each.resources.map((resource) => [resource, served] as const));
  const definition = version && { spec: { versions: [{ name: "v1alpha1", ...version }] } };
  const site = {
    policy,
    served: new Map([[group, new Map(resources)]]),
    definition: async () => definition,
  };
  return (await checkStatusSubresources(site as unknown as Site)).map(({ status, message }) => [status, message]);
};

const passed = [["ok", "no served version stores the status with the object"]];
const stored = "workflows.argoproj.io in v1alpha1 has no status subresource: its status is stored with the object";
const writable = (paths: string) =>
  `${stored}, so every user who may edit the object may write ${paths}, and its controller acts on these paths`;
const judged = `${stored}, and the policy lists no statusWriters, so every status write, the controller's included, is judged as an edit of the object`;
const spared = `${stored}; a write of it is judged like an edit, except by system:serviceaccount:argo:argo`;
const statusPaths = { statusPaths: ["status.children"] };
const inStatus = { fields: ["spec.runAs", "status.stored[*].runAs"], onEmpty: "deny" };
const statusWriters = ["system:serviceaccount:argo:argo"];

test.for([
  ["a version with the subresource passes", statusPaths, true, withStatus, passed],
  ["a version whose schema has no status passes", statusPaths, false, withoutStatus, passed],
  ["a built-in kind without the subresource passes", {}, false, undefined, passed],
  ["status paths that every editor may write", statusPaths, false, withStatus, [["fail", writable("status.children")]]],
  [
    "a schema that keeps unknown fields keeps a status",
    statusPaths,
    false,
    keepsAll,
    [["fail", writable("status.children")]],
  ],
  [
    "status writers do not change that",
    { ...statusPaths, statusWriters },
    false,
    withStatus,
    [["fail", writable("status.children")]],
  ],
  ["fields in the status, which are judged like those of the object", inStatus, false, withStatus, [["warn", judged]]],
  ["a controller whose every status write is judged", {}, false, withStatus, [["warn", judged]]],
  ["a controller in statusWriters", { statusWriters }, false, withStatus, [["ok", spared]]],
  [
    "such a controller of two resources",
    { statusWriters, resources: ["workflows", "cronworkflows"] },
    false,
    withStatus,
    [
      [
        "ok",
        spared
          .replace(" has no", ", cronworkflows.argoproj.io in v1alpha1 have no")
          .replace("its status", "their status"),
      ],
    ],
  ],
] as const)("%s", async ([, target, hasStatus, version, expected]) => {
  expect(await examine(target, hasStatus, version)).toEqual(expected);
});
