import { expect, test } from "vitest";
import { schemaPlacesOf } from "../../../../infra/doctor/schema-places.ts";
import { formatPath, parsePath } from "../../../../lib/policy/path.ts";

const text = { type: "string" };
const object = (properties: object) => ({ type: "object", properties });
const list = (items: object) => ({ type: "array", items });
const map = (additionalProperties: unknown) => ({ type: "object", additionalProperties });
const keeps = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const schema = object({
  metadata: { type: "object" },
  spec: object({
    account: text,
    steps: list(object({ account: text, groups: list(text) })),
    byName: map(object({ account: text })),
    labels: map(text),
    any: map(true),
    open: keeps,
    partly: { ...keeps, properties: { account: text } },
    one: object({ two: object({ account: text }) }),
  }),
});

test.for([
  ["a member", "spec.account", ["spec.account"]],
  ["no such member", "spec.acount", []],
  ["no such parent", "spec.auth.account", []],
  ["a member of a text", "spec.account.name", []],
  ["a member of a list", "spec.steps.account", []],
  ["the items of a list", "spec.steps[*].account", ["spec.steps[*].account"]],
  ["no such member of the items", "spec.steps[*].user", []],
  ["the items of a text", "spec.account[*].name", []],
  ["the members of a map", "spec.byName[*].account", ["spec.byName[*].account"]],
  ["one member of a map", 'spec.labels["a/b"]', ['spec.labels["a/b"]']],
  ["the members of an object", "spec.one[*].account", ["spec.one[*].account"]],
  ["a map of anything", "spec.any.x.y", ["spec.any.x.y (open)"]],
  ["an object that keeps unknown fields", "spec.open.a[*].b", ["spec.open.a[*].b (open)"]],
  ["a described member of such an object", "spec.partly.account", ["spec.partly.account"]],
  ["another member of such an object", "spec.partly.other", ["spec.partly.other (open)"]],
  ["the metadata", 'metadata.labels["a/b"]', ['metadata.labels["a/b"] (open)']],
  [
    "any depth",
    "spec.**.account",
    [
      "spec.account",
      "spec.any.account (open)",
      "spec.open.account (open)",
      "spec.partly.account",
      "spec.steps[*].account",
      "spec.byName[*].account",
      "spec.one.two.account",
    ],
  ],
  [
    "any depth, and on from there",
    "spec.**.two.account",
    [
      "spec.any.two.account (open)",
      "spec.open.two.account (open)",
      "spec.partly.two.account (open)",
      "spec.one.two.account",
    ],
  ],
] as const)("%s", ([, path, expected]) => {
  const places = schemaPlacesOf(schema, parsePath(path) ?? []);
  const shown = places.map((place) => `${formatPath(place.path)}${place.schema === undefined ? " (open)" : ""}`);
  expect(shown).toEqual(expected);
});

test("nothing else is at any depth", () => {
  const closed = object({ spec: object({ steps: list(object({ account: text })), labels: map(text) }) });
  expect(schemaPlacesOf(closed, parsePath("spec.**.account") ?? []).map(({ path }) => formatPath(path))).toEqual([
    "spec.steps[*].account",
  ]);
  expect(schemaPlacesOf(closed, parsePath("spec.**.user") ?? [])).toEqual([]);
});

test("an unknown schema keeps every path", () => {
  expect(schemaPlacesOf({}, parsePath("spec.**.a[*].b") ?? [])).toEqual([
    { path: parsePath("spec.a[*].b"), schema: undefined },
  ]);
});
