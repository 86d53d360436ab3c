import { describe, expect, test } from "vitest";
import { formatPath, formatSegments, parsePath, placesOf, pointerOf, valueAt } from "../../../../lib/policy/path.ts";

const key = (name: string) => ({ key: name });
const path = (text: string) => {
  const parsed = parsePath(text);
  if (!parsed) throw new Error(text);
  return parsed;
};

describe("a path", () => {
  test.each([
    ["spec", [key("spec")]],
    ["spec.clusterAuth.impersonateUser", [key("spec"), key("clusterAuth"), key("impersonateUser")]],
    ["spec.a-b._c.d1", [key("spec"), key("a-b"), key("_c"), key("d1")]],
    ["spec.list[*].name", [key("spec"), key("list"), "each", key("name")]],
    ["spec[*][*].name", [key("spec"), "each", "each", key("name")]],
    ['metadata.labels["example.com/sa"]', [key("metadata"), key("labels"), key("example.com/sa")]],
    [`spec["a.b"]["c'd"].e`, [key("spec"), key("a.b"), key("c'd"), key("e")]],
    ["spec.**.name", [key("spec"), "deep", key("name")]],
    ['spec.list[*].**["a/b"].c', [key("spec"), key("list"), "each", "deep", key("a/b"), key("c")]],
    ['spec["__proto__"].constructor', [key("spec"), key("__proto__"), key("constructor")]],
  ])("%s", (text, steps) => {
    expect(parsePath(text)).toEqual(steps);
  });

  test.each([
    "",
    ".",
    ".spec",
    "spec.",
    "spec..a",
    "spec a",
    "/spec/a",
    "$.spec",
    "1",
    "1.a",
    "spec.1",
    "spec a.b",
    "spec[0]",
    "spec[*",
    "spec[*]",
    "spec.list[*]",
    "[*].a",
    "spec.**",
    "spec.**[*].a",
    "spec.**.a.**.b",
    "**.a",
    '["spec"]',
    'spec[""]',
    'spec["a"b"]',
    'spec["a\\"]',
    'spec["a\n"]',
    'spec["\u00e9"]',
    "spec.a\u00e9",
  ])("%j is not a path", (text) => {
    expect(parsePath(text)).toBeUndefined();
  });
});

describe("the places at any depth", () => {
  const pointers = (object: Record<string, unknown>, text: string) =>
    placesOf(object, path(text)).map(({ segments, blocked }) => [pointerOf(segments), blocked]);

  test("are those that hold a value: a member whose own member is absent is not a place", () => {
    const object = { spec: { a: { ref: {} }, b: [{ ref: { name: "x" } }, { ref: { name: null } }, null, "text"] } };
    expect(pointers(object, "spec.**.ref.name")).toEqual([
      ["/spec/b/0/ref/name", undefined],
      ["/spec/b/1/ref/name", undefined],
    ]);
  });

  test("are none in an object of many levels that has no such member", () => {
    let deep: unknown = {};
    for (let level = 0; level < 300; level++) deep = { a: deep };
    expect(pointers({ spec: deep }, "spec.**.name")).toEqual([]);
  });
});

describe("the places that a path leads to", () => {
  const auth = "spec.clusterAuth.impersonateUser";
  const segments = ["spec", "clusterAuth", "impersonateUser"];

  test.each([
    [
      "it is there",
      auth,
      { spec: { clusterAuth: { impersonateUser: "bob" } } },
      [{ segments, at: auth, value: "bob", missing: 0 }],
    ],
    [
      "it is null",
      auth,
      { spec: { clusterAuth: { impersonateUser: null } } },
      [{ segments, at: auth, value: null, missing: 0 }],
    ],
    ["it is absent", auth, { spec: { clusterAuth: {} } }, [{ segments, at: auth, value: undefined, missing: 0 }]],
    ["its parent is absent", auth, { spec: {} }, [{ segments, at: auth, value: undefined, missing: 1 }]],
    [
      "its parent is null",
      auth,
      { spec: { clusterAuth: null } },
      [{ segments, at: auth, value: undefined, missing: 1 }],
    ],
    ["all of them are absent", auth, {}, [{ segments, at: auth, value: undefined, missing: 2 }]],
    [
      "a parent is a string",
      auth,
      { spec: "x" },
      [{ segments: ["spec"], at: "spec", value: "x", missing: 0, blocked: "must be an object, not a string" }],
    ],
    [
      "a parent is a list",
      auth,
      { spec: { clusterAuth: [] } },
      [
        {
          segments: ["spec", "clusterAuth"],
          at: "spec.clusterAuth",
          value: [],
          missing: 0,
          blocked: "must be an object, not a list",
        },
      ],
    ],
    ["a list that is absent", "spec.list[*].a", { spec: {} }, []],
    ["a list that is null", "spec.list[*].a", { spec: { list: null } }, []],
    ["a list that is empty", "spec.list[*].a", { spec: { list: [] } }, []],
    [
      "a list",
      "spec.list[*].a",
      { spec: { list: [{ a: 1 }, {}, null] } },
      [
        { segments: ["spec", "list", 0, "a"], at: "spec.list[0].a", value: 1, missing: 0 },
        { segments: ["spec", "list", 1, "a"], at: "spec.list[1].a", value: undefined, missing: 0 },
        { segments: ["spec", "list", 2, "a"], at: "spec.list[2].a", value: undefined, missing: 1 },
      ],
    ],
    [
      "a map",
      "spec[*].a",
      { spec: { "x/y": { a: 1 }, z: 5 } },
      [
        { segments: ["spec", "x/y", "a"], at: "spec[*].a", value: 1, missing: 0 },
        { segments: ["spec", "z"], at: "spec[*]", value: 5, missing: 0, blocked: "must be an object, not a number" },
      ],
    ],
    [
      "a value that is not a list",
      "spec.list[*].a",
      { spec: { list: true } },
      [
        {
          segments: ["spec", "list"],
          at: "spec.list",
          value: true,
          missing: 0,
          blocked: "must be a list or an object, not a boolean",
        },
      ],
    ],
    [
      "a list behind a list that is absent",
      "spec.list[*].more[*].a",
      { spec: { list: [{}, { more: [{}] }] } },
      [{ segments: ["spec", "list", 1, "more", 0, "a"], at: "spec.list[1].more[0].a", value: undefined, missing: 0 }],
    ],
    [
      "a key that the path itself names, behind a map",
      'spec[*].labels["a/b"]',
      { spec: { secret: {} } },
      [{ segments: ["spec", "secret", "labels", "a/b"], at: 'spec[*].labels["a/b"]', value: undefined, missing: 1 }],
    ],
    ["a field at the top", "runAs", { runAs: "bob" }, [{ segments: ["runAs"], at: "runAs", value: "bob", missing: 0 }]],
  ])("%s", (_, text, object, places) => {
    expect(placesOf(object, path(text))).toEqual(places);
  });

  test.each(["__proto__", "constructor", "toString"])("%s leads somewhere only where the text had it", (name) => {
    const at = path(`spec["${name}"].a`);
    expect(placesOf({ spec: {} }, at)).toEqual([
      { segments: ["spec", name, "a"], at: `spec.${name}.a`, value: undefined, missing: 1 },
    ]);
    expect(placesOf(JSON.parse(`{"spec":{"${name}":{"a":"bob"}}}`), at)).toEqual([
      { segments: ["spec", name, "a"], at: `spec.${name}.a`, value: "bob", missing: 0 },
    ]);
  });

  test("a map may have any keys", () => {
    const object = JSON.parse('{"spec":{"__proto__":{"a":"bob"}}}');
    expect(placesOf(object, path("spec[*].a"))).toEqual([
      { segments: ["spec", "__proto__", "a"], at: "spec[*].a", value: "bob", missing: 0 },
    ]);
  });
});

test.each([
  [["spec", "list", 0, "a"], "list", "0"],
  [["spec", "list", 1, "a"], "list", undefined],
  [["spec", "map", "x", "a"], "map", 1],
  [["spec", "map", "toString"], "map", undefined],
  [["spec", "none", "a"], "none", undefined],
  [["spec", "text", "length"], "text", undefined],
])("what stands at %j", (segments, _, value) => {
  expect(valueAt({ spec: { list: [{ a: "0" }], map: { x: { a: 1 } }, text: "text" } }, segments)).toBe(value);
});

test.each([
  [["spec", "clusterAuth", "impersonateUser"], "spec.clusterAuth.impersonateUser", "/spec/clusterAuth/impersonateUser"],
  [["spec", "list", 0, "a-b"], "spec.list[0].a-b", "/spec/list/0/a-b"],
  [["metadata", "labels", "a.b/c"], 'metadata.labels["a.b/c"]', "/metadata/labels/a.b~1c"],
  [["~1", "a"], '["~1"].a', "/~01/a"],
  [["a", ""], 'a[""]', "/a/"],
  [["a", 'x"y'], 'a["x\\"y"]', '/a/x"y'],
  [[], "", ""],
])("the segments %j read %s and point %s", (segments, text, pointer) => {
  expect(formatSegments(segments)).toBe(text);
  expect(pointerOf(segments)).toBe(pointer);
});

test.each([
  "spec",
  "spec.clusterAuth.impersonateUser",
  "spec.list[*].name",
  "spec[*][*].name",
  'metadata.labels["example.com/sa"]',
  'spec["a.b"]["c\'d"].e',
  "spec.**.inline[*].name",
])("%s is written as it was parsed", (text) => {
  expect(formatPath(path(text))).toBe(text);
});
