import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { razee, target } from "../../support/arbitrary/policies.ts";
import { name, odd } from "../../support/arbitrary/values.ts";
import { raw, writeExactly } from "./exact-json.ts";
import type { Trial } from "./properties.ts";
import { fewReplies, honest, number, policyFor, request, reviewOf } from "./worlds.ts";

const nested = (depth: number): readonly string[] => [
  `${"[".repeat(depth)}${"]".repeat(depth)}`,
  `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
  `[9007199254740993,${"[".repeat(depth)}${"]".repeat(depth)}]`,
];

/** Objects that mislead careless JavaScript, objects with a key twice, and numbers that no double holds. */
const tricks = fc
  .oneof(
    fc.constantFrom(
      '{"__proto__":{"uid":"1","username":"bob","allowed":true,"impersonateUser":"bob"}}',
      '{"__proto__":null}',
      '{"constructor":{"prototype":{"username":"bob"}}}',
      '{"toString":"bob","valueOf":5,"hasOwnProperty":true,"toJSON":"bob","then":1}',
      '{"length":-1}',
      '{"problem":"bob"}',
      '{"username":"alice","username":"bob"}',
      '{"username":"alice","__proto__":{"username":"bob"},"groups":["system:masters"]}',
      '{"username":"toString","extra":{"__proto__":["x"],"toString":["y"]}}',
      '{"clusterAuth":{"impersonateUser":"alice","impersonateUser":"bob"}}',
      '{"clusterAuth":{"__proto__":{"impersonateUser":"bob"}}}',
      '{"__proto__":{"clusterAuth":{"impersonateUser":"bob"}},"jobs":{"__proto__":{"runAs":"bob"},"toString":null}}',
      '{"jobs":[null,null,{"runAs":null}],"runAs":""}',
      '{"metadata":null,"spec":null,"status":null}',
    ),
    number,
  )
  .map(raw);

/** Names that differ from what they look like. */
const names = fc
  .record({
    name,
    at: fc.nat(40),
    with: fc.constantFrom(..."\ud800 \udfff \u202e \ufeff \u0000 \n \t \u00a0 \u00e9 \u2028 : /".split(" "), " "),
  })
  .map((all) => all.name.slice(0, all.at) + all.with + all.name.slice(all.at));
const accounts = fc.constantFrom(
  ...[
    "system:serviceaccount:",
    "system:serviceaccount::",
    "system:serviceaccount:team-a:",
    "System:serviceaccount:a:b",
  ],
  ...["system:serviceaccount:Team-a:b", "system:serviceaccount:a-:b", "system:serviceaccount:a:b.c", "team-a:"],
  ...["system:serviceaccount:a:b..c", "system:serviceaccount:a:.b", "system:serviceaccount:a.b:c", ":deployer", ":"],
  ...[`system:serviceaccount:${"a".repeat(63)}:${"b".repeat(253)}`, `system:serviceaccount:${"a".repeat(64)}:b`],
  ...[`system:serviceaccount:a:${"b".repeat(254)}`, "system:serviceaccount:a:b\n", "system:serviceaccounts:a:b"],
);

/** Anything that may stand anywhere. */
const anything = fc.oneof(
  odd,
  tricks,
  names,
  accounts,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(...["status", "UPDATE", "CREATE", "DELETE", "toString", "__proto__", "Binding", "bindings", "pods"]),
  fc.constantFrom(...nested(30)).map(raw),
);

/** Where it may stand. */
const members = [
  "uid",
  "kind",
  "name",
  "operation",
  "resource",
  "subResource",
  "namespace",
  "userInfo",
  "object",
  "oldObject",
];
const places: readonly (readonly string[])[] = [
  ["apiVersion"],
  ["kind"],
  ["request"],
  ...[...members, "uid", "uid"].map((member) => ["request", member]),
  ...["dryRun", "__proto__", "requestResource", "options"].map((member) => ["request", member]),
  ...["group", "version", "resource"].map((member) => ["request", "resource", member]),
  ...["group", "kind", "__proto__"].map((member) => ["request", "kind", member]),
  ...["username", "username", "uid", "groups", "extra", "__proto__"].map((member) => ["request", "userInfo", member]),
  ...["x", "__proto__", "scopes.authorization.openshift.io"].map((key) => ["request", "userInfo", "extra", key]),
  ...["metadata", "spec", "status", "constructor"].map((member) => ["request", "object", member]),
  ...["spec", "metadata"].map((member) => ["request", "oldObject", member]),
  ...["clusterAuth", "runAs", "runAs", "jobs", "data"].map((member) => ["request", "object", "spec", member]),
  ["request", "object", "spec", "clusterAuth", "impersonateUser"],
  ["request", "object", "spec", "clusterAuth", "impersonateUser"],
  ["request", "object", "spec", "RunAs"],
  ["request", "object", "\u017fpec", "runAs"],
  ["request", "object", "spec", "jobs", "a", "RUNAS"],
  ["request", "object", "metadata", "labels", "X/account"],
  ["request", "object", "spec", "jobs", "a\u0000b", "runAs"],
  ["request", "object", "spec", "jobs", "__proto__", "runAs"],
  ["request", "object", "spec", "jobs", "a", "namespace"],
  ["request", "object", "metadata", "labels", "x/namespace"],
  ["request", "object", "metadata", "labels", "x/account"],
  ["request", "object", "status", "runAs"],
  ["request", "object", "status", "children"],
  ["request", "oldObject", "status"],
];

/** The same with another value somewhere. __proto__ becomes a key like any other. */
const withAt = (tree: unknown, [key, ...rest]: readonly string[], value: unknown): unknown => {
  if (key === undefined) return value;
  const members = typeof tree === "object" && tree !== null ? Object.entries(tree) : [];
  const before = members.find(([each]) => each === key)?.[1];
  return Object.fromEntries([...members.filter(([each]) => each !== key), [key, withAt(before, rest, value)]]);
};

const policy = policyFor(target);

/** Reviews with something odd in one place or a few. */
const oddReviews: fc.Arbitrary<Trial> = fc
  .record({
    request,
    odd: fc.array(fc.tuple(fc.constantFrom(...places), anything), { minLength: 1, maxLength: 3 }),
    policy,
    replies: fewReplies,
  })
  .map(({ request: of, odd: changes, ...rest }) => ({
    ...rest,
    text: writeExactly(changes.reduce<unknown>((tree, [path, value]) => withAt(tree, path, value), reviewOf(of))),
  }));

/** What is done to a text. */
const edit = fc.record({
  /** In parts of a million of the text's length. */
  at: fc.nat(1_000_000),
  length: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(2_000)),
  insert: fc.oneof(
    fc.constantFrom(
      ...["", "", "{", "}", "]", '"', ",", "\\", "\u0000", "\ufeff", "\\u0000", "\ud800", "1e999", "-", "//"],
    ),
    fc.constantFrom(...['"impersonateUser":"bob",', '"uid":"2",', '"username":"bob",', '"operation":"DELETE",']),
    fc.constantFrom("null", "true", '"__proto__":', "[]", "{}"),
  ),
});
const edited = (text: string, edits: readonly { at: number; length: number; insert: string }[]): string =>
  edits.reduce((now, { at, length, insert }) => {
    const start = Math.floor((at / 1_000_000) * (now.length + 1));
    return now.slice(0, start) + insert + now.slice(start + length);
  }, text);

const editedTexts: fc.Arbitrary<Trial> = fc
  .record({ trial: honest, edits: fc.array(edit, { minLength: 1, maxLength: 3 }) })
  .map(({ trial, edits }) => ({ ...trial, text: edited(trial.text, edits) }));

/** A member again, in front of a member: the last one counts. */
const doubled: fc.Arbitrary<Trial> = fc
  .record({
    trial: honest,
    member: fc.constantFrom(
      ...members,
      "username",
      "groups",
      "spec",
      "clusterAuth",
      "impersonateUser",
      "runAs",
      "request",
    ),
    value: fc.constantFrom('"bob"', "null", "{}", "[]", '"DELETE"', '{"__proto__":1}', "1e400"),
  })
  .map(({ trial, member, value }) => ({
    ...trial,
    text: trial.text.replace(`"${member}":`, () => `"${member}":${value},"${member}":`),
  }));

/** Bytes, as the platform decodes them. */
const bytes: fc.Arbitrary<Trial> = fc.record({
  text: fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all).toString("utf8")),
    fc.string({ unit: "binary" }),
    fc.json({ maxDepth: 3 }),
    fc.constantFrom("", " ", "\ufeff{}", "\u0000", "{", "null", "[]", '""', "1e400", ...nested(30)),
  ),
  policy: policyFor(razee),
  replies: fewReplies,
});

/** Texts that are not reviews, are odd reviews, or were damaged in transit. */
export const hostile: fc.Arbitrary<Trial> = fc.oneof(
  { weight: 8, arbitrary: oddReviews },
  { weight: 3, arbitrary: editedTexts },
  { weight: 2, arbitrary: doubled },
  { weight: 1, arbitrary: bytes },
);

const long = fc
  .constantFrom("b", "b ", "\u202e", "\u0000", "\ud800", "\u{1f5dd}", "a.", "a:")
  .chain((unit) => fc.constantFrom(300, 20_000, 200_000).map((times) => unit.repeat(times)));
const many = fc.constantFrom(100, 3_000, 10_000).chain((times) =>
  fc
    .constantFrom<(index: number) => unknown>(
      () => ({}),
      () => null,
      () => 5,
      () => ({ runAs: "bob" }),
      (index) => ({ runAs: `user-${index}` }),
    )
    .map((item) => Array.from({ length: times }, (_, index) => item(index))),
);
const largeValue: fc.Arbitrary<unknown> = fc.oneof(
  long,
  many,
  many.map((items) => Object.fromEntries(items.map((item, index) => [`key-${index}`, item]))),
  long.map((text) => ({ [text]: { runAs: "bob" } })),
  fc.constantFrom(...nested(10_000)).map(raw),
);
const largePlaces: readonly (readonly string[])[] = [
  ...["uid", "name", "operation", "namespace", "userInfo", "object"].map((member) => ["request", member]),
  ...["username", "groups", "extra"].map((member) => ["request", "userInfo", member]),
  ...["clusterAuth", "runAs", "data", "data"].map((member) => ["request", "object", "spec", member]),
  ...["runAs", "children"].map((member) => ["request", "object", "status", member]),
  ...["jobs", "jobs", "jobs", "jobs"].map((member) => ["request", "object", "spec", member]),
  ["request", "object", "spec", "clusterAuth", "impersonateUser"],
  ["request", "object", "metadata"],
];

/** Reviews that are large: long names, long lists, nesting beyond the stack. The old object has the same where there is one. */
export const large: fc.Arbitrary<Trial> = fc
  .record({ request, path: fc.constantFrom(...largePlaces), value: largeValue, policy, replies: fewReplies })
  .map(({ request: of, path, value, ...rest }) => {
    const old = (of as JsonObject)["oldObject"] === null ? undefined : path.with(1, "oldObject");
    const changed = withAt(reviewOf(of), path, value);
    const both = path[1] === "object" && old ? withAt(changed, old, value) : changed;
    return { ...rest, text: writeExactly(both) };
  });
