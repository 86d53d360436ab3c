import { expect, test } from "vitest";
import { checkPaths } from "../../../../infra/doctor/check-paths.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const text = { type: "string" };
const object = (properties: object) => ({ type: "object", properties });
const group = "example.com";

const examine = async (
  fields: readonly unknown[],
  schema: object | undefined,
  { why, ...more }: { why?: string; statusPaths?: readonly string[] } = {},
) => {
  const policy = readPolicy({
    name: "test",
    targets: [{ group, versions: ["*"], resources: ["robots"], fields, ...more }],
  });
  const robots = [{ version: "v1", kind: "Robot", namespaced: true, hasStatus: true }];
  const site = {
    policy,
    served: new Map([[group, new Map([["robots", robots]])]]),
    definition: async () => schema && { spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: schema } }] } },
    whyUnread: async () => why,
  };
  return (await checkPaths(site as unknown as Site)).map(({ status, message }) => `${status}: ${message}`);
};

const account = (path: string, more: object = {}) => ({ path, serviceAccount: "name", ...more });
const schema = object({
  spec: object({
    account: text,
    user: text,
    size: { type: "integer" },
    parts: { type: "array", items: object({ account: text }) },
    groups: { type: "array", items: text },
    either: { "x-kubernetes-int-or-string": true },
    remote: object({ secret: object({ name: text }) }),
  }),
  status: object({ children: object({}) }),
});
const dropped = "so the API server drops what an object has there";

test.for([
  [
    "every path is there",
    [account("spec.account"), account("spec.parts[*].account")],
    ["ok: 2 paths of the policy are in the schemas"],
  ],
  [
    "a slip, and the path that it means",
    [account("spec.account"), account("spec.parts[*].acount")],
    [
      `warn: robots.example.com in v1: the schema does not have spec.parts[*].acount (there is spec.parts[*].account), ${dropped}`,
      "ok: 1 paths of the policy are in the schemas",
    ],
  ],
  [
    "a path that has moved",
    ["spec.user", account("spec.template.account")],
    [
      `warn: robots.example.com in v1: the schema does not have spec.template.account (there is spec.account, spec.parts[*].account), ${dropped}`,
      "ok: 1 paths of the policy are in the schemas",
    ],
  ],
  [
    "no path at all",
    [account("spec.x"), account("spec.**.y")],
    [
      "fail: robots.example.com in v1: the schema has no field of the policy, so nothing is guarded: it does not have spec.x, spec.**.y",
    ],
  ],
  [
    "a namespace and a condition that are not there",
    [
      account("spec.account", {
        serviceAccount: { namespaceAt: "spec.place" },
        whenSet: [{ path: "spec.remote.secret.title", onEmpty: "allow", emptyIsUnprivileged: true }],
      }),
    ],
    [
      `warn: robots.example.com in v1: the schema does not have spec.place (the namespace of spec.account), spec.remote.secret.title (in whenSet of spec.account), ${dropped}`,
      "ok: 1 paths of the policy are in the schemas",
    ],
  ],
  [
    "a field that can hold no name",
    ["spec.user", "spec.size", account("spec.parts")],
    [
      "fail: robots.example.com in v1: spec.size leads to an integer, spec.parts leads to an array, where the policy expects a name, so every such object is refused",
      "ok: 1 paths of the policy are in the schemas",
    ],
  ],
  [
    "a list of groups, and a text or a number",
    [{ path: "spec.groups", names: "group" }, "spec.either"],
    ["ok: 2 paths of the policy are in the schemas"],
  ],
  [
    "a value that is not read",
    [
      { path: "spec.parts", names: "anything" },
      { path: "spec.remote", standsFor: "root" },
    ],
    ["ok: 2 paths of the policy are in the schemas"],
  ],
] as const)("%s", async ([, fields, expected]) => {
  expect(await examine(fields, schema)).toEqual(expected);
});

test("a path of the status that is not there", async () => {
  expect(await examine(["spec.user"], schema, { statusPaths: ["status.children", "status.kids"] })).toEqual([
    `warn: robots.example.com in v1: the schema does not have status.kids (in statusPaths), ${dropped}`,
    "ok: 2 paths of the policy are in the schemas",
  ]);
});

test.for([
  ["a schema that keeps unknown fields", { type: "object", "x-kubernetes-preserve-unknown-fields": true }],
  ["a kind without a CustomResourceDefinition", undefined],
] as const)("%s is told", async ([, open]) => {
  expect(await examine(["spec.user"], open)).toEqual([
    "ok: 0 paths of the policy are in the schemas; no schema says which fields there are in robots.example.com in v1",
  ]);
});

test("a definition that may not be read is told, not passed over", async () => {
  expect(await examine(["spec.user"], undefined, { why: "forbidden" })).toEqual([
    "warn: not checked: the schema, the conversion and the status of robots.example.com: forbidden",
  ]);
});
