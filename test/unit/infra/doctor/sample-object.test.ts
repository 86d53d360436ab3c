import { expect, test } from "vitest";
import { sampleOf, schemaOf, withField } from "../../../../infra/doctor/sample-object.ts";
import { parsePath } from "../../../../lib/policy/path.ts";

const at = (text: string) => parsePath(text) ?? [];

test.for([
  [{ type: "string" }, "x"],
  [{ type: "string", minLength: 3 }, "xxx"],
  [{ type: "string", enum: ["Sync", "Async"] }, "Sync"],
  [{ type: "string", default: "given" }, "given"],
  [{ type: "integer", minimum: 7 }, 7],
  [{ type: "number" }, 1],
  [{ type: "boolean" }, false],
  [{ type: "array", items: { type: "string" } }, []],
  [{ type: "array", minItems: 1, items: { type: "string" } }, ["x"]],
  [{ "x-kubernetes-int-or-string": true }, 1],
  [{ "x-kubernetes-preserve-unknown-fields": true }, {}],
  [{ type: "object" }, {}],
  [
    {
      type: "object",
      required: ["spec", "metadata"],
      properties: { spec: { type: "object", required: ["size"], properties: { size: { type: "integer" } } } },
    },
    { spec: { size: 1 } },
  ],
] as const)("%j", ([schema, sample]) => {
  expect(sampleOf(schema)).toEqual(sample);
});

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer" },
        steps: {
          type: "array",
          items: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        },
      },
    },
  },
};

test("a field is added with the required members around it", () => {
  expect(withField({}, schema, at("spec.auth.user"), "bob")).toEqual({ spec: { size: 1, auth: { user: "bob" } } });
  expect(withField({ spec: { size: 5 } }, {}, at("spec.user"), "bob")).toEqual({ spec: { size: 5, user: "bob" } });
  expect(withField({}, {}, at('metadata.labels["a/b"]'), "bob")).toEqual({ metadata: { labels: { "a/b": "bob" } } });
});

test("without a value the object stays as it is, except for the list that a path walks", () => {
  expect(withField({ spec: {} }, schema, at("spec.auth.user"), undefined)).toEqual({ spec: {} });
  expect(withField({}, schema, at("spec.steps[*].user"), undefined)).toEqual({
    spec: { size: 1, steps: [{ name: "x" }] },
  });
  expect(withField({}, schema, at("spec.steps[*].user"), "bob")).toEqual({
    spec: { size: 1, steps: [{ name: "x", user: "bob" }] },
  });
});

test("the schema of a version is empty where the definition has none", () => {
  const definition = { spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: schema } }, { name: "v2" }] } };
  expect(schemaOf(definition, "v1")).toEqual(schema);
  for (const version of ["v2", "v3"]) expect(schemaOf(definition, version)).toEqual({});
  expect(schemaOf(undefined, "v1")).toEqual({});
});
