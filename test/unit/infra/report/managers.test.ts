import { expect, test } from "vitest";
import { managersOf } from "../../../../infra/report/managers.ts";

const entry = (manager: string, fieldsV1: object, more: object = {}) => ({
  manager,
  operation: "Update",
  apiVersion: "example.com/v1",
  fieldsType: "FieldsV1",
  time: "2026-01-01T00:00:00Z",
  fieldsV1,
  ...more,
});

const objectOf = (managedFields: unknown, spec: unknown = { clusterAuth: { impersonateUser: "carl" } }) => ({
  metadata: { managedFields },
  spec,
});

const keys = ["spec", "clusterAuth", "impersonateUser"];
const at = (fields: object) => ({ "f:spec": { "f:clusterAuth": fields } });
const fieldOwners = (object: ReturnType<typeof objectOf>, of: readonly (string | number)[] = keys) =>
  managersOf(object, of).field.map(({ manager }) => manager);

test.for([
  { what: "the field itself", fields: at({ "f:impersonateUser": {} }), owner: true },
  { what: "the field and the map around it", fields: at({ ".": {}, "f:impersonateUser": {} }), owner: true },
  { what: "another field of that map", fields: at({ "f:other": {} }), owner: false },
  { what: "the map alone, that others filled", fields: at({ ".": {} }), owner: false },
  // What kube-apiserver stores of an applied `clusterAuth: {}`.
  { what: "the map, which was empty", fields: at({}), owner: false },
  { what: "the labels", fields: { "f:metadata": { "f:labels": { "f:a": {} } } }, owner: false },
  { what: "nothing", fields: {}, owner: false },
])("who owns $what, owns the field: $owner", ({ fields, owner }) => {
  expect(fieldOwners(objectOf([entry("alice", fields)]))).toEqual(owner ? ["alice"] : []);
});

const steps = {
  steps: [
    { name: "a", sa: "x" },
    { name: "b", sa: "y" },
  ],
  names: ["x", "y"],
};

test.for([
  { what: "by its keys", fields: { 'k:{"name":"b"}': { "f:sa": {} } }, of: ["spec", "steps", 1, "sa"], owner: true },
  { what: "by other keys", fields: { 'k:{"name":"a"}': { "f:sa": {} } }, of: ["spec", "steps", 1, "sa"], owner: false },
  { what: "by keys that are no JSON", fields: { "k:{": { "f:sa": {} } }, of: ["spec", "steps", 1, "sa"], owner: false },
  { what: "by its index", fields: { "i:1": { "f:sa": {} } }, of: ["spec", "steps", 1, "sa"], owner: true },
  { what: "in an atomic list", fields: {}, of: ["spec", "steps", 1, "sa"], owner: true },
])("an item of a list, $what", ({ fields, of, owner }) => {
  const object = objectOf([entry("alice", { "f:spec": { "f:steps": fields } })], steps);
  expect(fieldOwners(object, of)).toEqual(owner ? ["alice"] : []);
});

test("an item of a set, by its value", () => {
  const object = objectOf([entry("alice", { "f:spec": { "f:names": { 'v:"y"': {} } } })], steps);
  expect(fieldOwners(object, ["spec", "names", 1])).toEqual(["alice"]);
  expect(fieldOwners(object, ["spec", "names", 0])).toEqual([]);
});

test("the latest manager comes first, and those of a subresource do not count", () => {
  const object = objectOf([
    entry("early", at({ "f:impersonateUser": {} }), { time: "2026-01-01T00:00:00Z", operation: "Apply" }),
    entry("status", at({ "f:impersonateUser": {} }), { time: "2026-03-01T00:00:00Z", subresource: "status" }),
    entry("late", { "f:spec": { "f:strTemplates": {} } }, { time: "2026-02-01T00:00:00Z" }),
    entry("labels", { "f:metadata": {} }, { time: "2026-02-02T00:00:00Z" }),
  ]);
  expect(managersOf(object, keys)).toEqual({
    field: [{ manager: "early", operation: "Apply", time: "2026-01-01T00:00:00Z" }],
    spec: [
      { manager: "late", operation: "Update", time: "2026-02-01T00:00:00Z" },
      { manager: "early", operation: "Apply", time: "2026-01-01T00:00:00Z" },
    ],
  });
});

test.for([undefined, null, "x", [null, 5], [{ fieldsV1: "x" }]])("managedFields that are %j", (managedFields) => {
  expect(managersOf(objectOf(managedFields), keys)).toEqual({ field: [], spec: [] });
});

test("the managers of a subresource own no field but those in the status", () => {
  const status = { subresource: "status" };
  const fields = { "f:status": { "f:sa": {} }, ...at({ "f:impersonateUser": {} }) };
  const object = objectOf([entry("controller", fields, status), entry("scaler", fields, { subresource: "scale" })]);
  expect(fieldOwners(object)).toEqual([]);
  expect(fieldOwners({ ...object, status: { sa: "x" } } as never, ["status", "sa"])).toEqual(["controller"]);
});
