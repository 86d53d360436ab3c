import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readPolicy } from "../../lib/policy/index.ts";
import { formatPath, parsePath } from "../../lib/policy/path.ts";
import { gapsIn, pathsWithoutPlace, resourcesWithoutCrd, withoutStatusWriters } from "./coverage.ts";
import type { ServedVersion } from "./crds.ts";
import { schemaOfType } from "./go-types.ts";
import { mayHave, placesIn, type Schema } from "./schema.ts";

const text: Schema = { type: "string" };
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: "object", properties });
const list = (items: Schema): Schema => ({ type: "array", items });
const map = (additionalProperties: Schema): Schema => ({ type: "object", additionalProperties });
const open: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const spec = (properties: Readonly<Record<string, Schema>>): Schema => object({ spec: object(properties) });

const places = (schema: Schema) => placesIn(schema).map(({ path, kind }) => `${kind} ${formatPath(path)}`);

describe("the places of a schema", () => {
  test.each([
    ["a name in the specification", spec({ serviceAccountName: text }), ["account spec.serviceAccountName"]],
    ["a reference", spec({ serviceAccountRef: object({ name: text }) }), ["account spec.serviceAccountRef"]],
    [
      "a name in a list",
      spec({ targets: list(object({ serviceAccount: text })) }),
      ["account spec.targets[*].serviceAccount"],
    ],
    ["a name in a map", spec({ nodes: map(object({ runAs: text })) }), ["account spec.nodes[*].runAs"]],
    [
      "a list in a list",
      spec({ steps: list(list(object({ executor: object({}) }))) }),
      ["account spec.steps[*][*].executor"],
    ],
    [
      "other names",
      spec({ impersonateUser: text, username: text, requester: object({}) }),
      ["account spec.impersonateUser", "account spec.username", "account spec.requester"],
    ],
    ["a status", object({ status: object({ subject: object({}) }) }), ["account status.subject"]],
    [
      "a switch and a number",
      spec({ automountServiceAccountToken: { type: "boolean" }, runAsUser: { type: "integer" } }),
      [],
    ],
    ["other members", spec({ account: text, name: text, user: text }), []],
    ["members that every object has", object({ metadata: object({ serviceAccount: text }) }), []],
    ["a place for everything", spec({ template: open }), ["open spec.template"]],
    ["a whole object for everything", open, ["open "]],
  ] as const)("%s", (_, schema, expected) => {
    expect(places(schema)).toEqual(expected);
  });

  test.each([
    ["spec.a", spec({ a: text }), true],
    ["spec.b", spec({ a: text }), false],
    ["spec.a[*].b", spec({ a: list(object({ b: text })) }), true],
    ["spec.a[*].b", spec({ a: map(object({ b: text })) }), true],
    ["spec.a.b", spec({ a: list(object({ b: text })) }), false],
    ["spec.a[*].b", spec({ a: object({ b: text }) }), false],
    ["spec.a.b.c", spec({ a: open }), true],
    ["spec.**.b", spec({ a: text }), true],
    ["spec.a.**.b", spec({ c: text }), false],
  ] as const)("may there be %s in %j: %s", (path, schema, expected) => {
    expect(mayHave(schema, parsePath(path) ?? [])).toBe(expected);
  });
});

const served = (schema: Schema, resource = "things", version = "v1", hasStatusSubresource = true): ServedVersion => ({
  resource: `${resource}.g.example`,
  version,
  schema,
  hasStatusSubresource,
});
const targetsWith = (...fields: readonly (string | object)[]) =>
  readPolicy({
    name: "p",
    targets: [{ group: "g.example", versions: ["v1"], resources: ["things"], fields }],
  }).targets;
const account = (path: string) => ({ path, serviceAccount: "name" });
const gapsWith = (fields: readonly (string | object)[], schema: Schema) =>
  gapsIn(targetsWith(...fields), [served(schema)], []).gaps.map(({ path }) => path);

describe("a place is guarded", () => {
  const reference = spec({ serviceAccountRef: object({ name: text }) });
  test.each([
    ["by its own path", ["spec.runAs"], spec({ runAs: text })],
    ["by a path into it", [account("spec.serviceAccountRef.name")], reference],
    ["by a value that is not read", [{ path: "spec.serviceAccountRef", names: "anything" }], reference],
    [
      "by a value around it that is not read",
      [{ path: "spec.patch", names: "anything" }],
      spec({ patch: object({ runAs: text }) }),
    ],
    [
      "by a path to any depth",
      [account("spec.**.serviceAccountName")],
      spec({ a: list(object({ serviceAccountName: text })) }),
    ],
    [
      "where everything may stand, by a path into it",
      [account("spec.template.spec.serviceAccountName")],
      spec({ template: open }),
    ],
    [
      "where everything may stand, by a path to any depth",
      [account("spec.**.serviceAccountName")],
      spec({ template: open }),
    ],
  ] as const)("%s", (_, fields, schema) => {
    expect(gapsWith(fields, schema)).toEqual([]);
  });

  test.each([
    ["by another path", ["spec.runAs"], spec({ serviceAccountName: text }), ["spec.serviceAccountName"]],
    [
      "by one item of a list",
      ["spec.list.runAs"],
      spec({ list: list(object({ runAs: text })) }),
      ["spec.list[*].runAs"],
    ],
    ["by a name around it", ["spec.a"], spec({ a: object({ runAs: text }) }), ["spec.a.runAs"]],
    [
      "by a path to any depth elsewhere",
      [account("spec.a.**.serviceAccountName")],
      spec({ b: object({ serviceAccountName: text }) }),
      ["spec.b.serviceAccountName"],
    ],
    [
      "by a path to any depth with another key",
      [account("spec.**.serviceAccountName")],
      spec({ a: object({ runAs: text }) }),
      ["spec.a.runAs"],
    ],
  ] as const)("but not %s", (_, fields, schema, expected) => {
    expect(gapsWith(fields, schema)).toEqual(expected);
  });

  test("for a reason that names it, and other reasons are in vain", () => {
    const because = "it is a test";
    const reasons = [
      { resources: /^things\./, paths: /^spec\.runAs$/, because },
      { resources: /^others\./, paths: /^spec\.runAs$/, because },
    ];
    const { gaps, unused } = gapsIn(targetsWith("spec.a"), [served(spec({ runAs: text, username: text }))], reasons);
    expect(gaps).toEqual([{ resource: "things.g.example/v1", path: "spec.username" }]);
    expect(unused).toEqual([reasons[1]]);
  });

  test("in another served version, which the API server converts, but not in another resource", () => {
    const schema = spec({ runAs: text });
    const all = [served(schema), served(schema, "things", "v1beta1"), served(schema, "others")];
    expect(gapsIn(targetsWith("spec.runAs"), all, []).gaps).toEqual([
      { resource: "others.g.example/v1", path: "spec.runAs" },
    ]);
  });
});

test("the other way round, a policy has nothing that the CRDs have not", () => {
  const all = [served(spec({ a: text }), "things", "v1", false)];
  const whenSet = [{ path: "spec.other.name", onForbidden: "deny" }];
  const targets = targetsWith("spec.a", "spec.b", {
    ...account("spec.a2"),
    serviceAccount: { namespaceKey: "ns" },
    whenSet,
  });
  expect(pathsWithoutPlace(targets, all).map(({ path }) => path)).toEqual([
    "spec.b",
    "spec.a2",
    "spec.ns",
    "spec.other.name",
  ]);
  expect(resourcesWithoutCrd(targets, all)).toEqual([]);
  expect(resourcesWithoutCrd(targets, [served(spec({}), "things", "v2")])).toEqual(["things.g.example/v1"]);
  expect(withoutStatusWriters(targets, all)).toEqual(["things.g.example/v1"]);
  expect(withoutStatusWriters(targets, [served(spec({ a: text }))])).toEqual([]);
});

describe("the schema of a Go type", () => {
  const folder = mkdtempSync(join(tmpdir(), "go-types-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, "types.go"),
    `package v1

// Thing is a test. It has no type Other struct {
type Thing struct {
	metav1.TypeMeta \`json:",inline"\`
	Spec ThingSpec \`json:"spec"\`
	hidden string
}

type ThingSpec struct {
	Shared \`json:",inline"\`
	Items []*Item \`json:"items,omitempty" protobuf:"bytes,1"\`
	ByName map[string]Item \`json:"byName,omitempty"\`
	Pod duckv1.WithPodSpec \`json:"pod,omitempty"\`
	Skipped string \`json:"-"\`
	Self *ThingSpec \`json:"self,omitempty"\`
}

type Shared struct {
	RunAs Name \`json:"runAs"\`
}

type Item struct {
	ServiceAccountName string \`json:"serviceAccountName,omitempty"\`
}

type Name string
`,
  );
  writeFileSync(join(folder, "types_test.go"), "type Other struct {\n}\n");

  test("has the members of its JSON", () => {
    expect(places(schemaOfType(folder, "Thing"))).toEqual([
      "account spec.runAs",
      "account spec.items[*].serviceAccountName",
      "account spec.byName[*].serviceAccountName",
      "open spec.pod",
      "open spec.self",
    ]);
  });

  test("must be there", () => {
    expect(() => schemaOfType(folder, "Other")).toThrow("has no struct Other");
  });
});
