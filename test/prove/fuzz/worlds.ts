import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { objectWith } from "../../support/arbitrary/objects.ts";
import { target, targetOf } from "../../support/arbitrary/policies.ts";
import { subresource, userInfo } from "../../support/arbitrary/requesters.ts";
import { name } from "../../support/arbitrary/values.ts";
import { type Reply, repliesOf } from "./answers.ts";
import { raw, writeExactly } from "./exact-json.ts";
import { secret, type Trial } from "./properties.ts";

/** Numbers that a double rounds, or that are written in several ways. */
export const number = fc.constantFrom(
  ...["0", "-0", "1", "1.0", "1e0", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993"],
  ...["1e400", "1e401", "-1e400", "1e-400", "12345678901234567890.5"],
);

const data = fc.oneof(fc.constantFrom<unknown>(1, { a: 1 }, secret, [secret, null]), number.map(raw));
const names = fc.oneof(name, fc.constantFrom("alice", "bob", "guest", "deployer"));
const job = fc.record({ runAs: names, namespace: fc.constantFrom("team-a", "team-b") }, { requiredKeys: [] });
/** Only names where names belong, because an odd value anywhere ends a review before its questions. */
const plain = fc.record(
  {
    metadata: fc.record({ labels: fc.record({ "x/account": names, "x/namespace": names }, { requiredKeys: [] }) }),
    spec: fc.record(
      {
        clusterAuth: fc.record({ impersonateUser: names }),
        runAs: names,
        jobs: fc.oneof(
          fc.array(job, { maxLength: 3 }),
          fc.dictionary(fc.constantFrom("a", "a/b", "~", "__proto__", secret), job, { maxKeys: 3 }),
        ),
        data,
      },
      { requiredKeys: [] },
    ),
    status: fc.record({ children: fc.constantFrom<unknown>(null, {}, { a: 1 }), runAs: names }, { requiredKeys: [] }),
  },
  { requiredKeys: ["metadata", "spec"] },
);
const object: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 2, arbitrary: plain },
  { weight: 1, arbitrary: objectWith(data) },
);

/** More names than are asked about in one review. */
const crowd = fc.record({ least: fc.integer({ min: 60, max: 70 }), each: name }).map(({ least, each }) => ({
  metadata: {},
  spec: { jobs: Array.from({ length: least }, (_, index) => ({ runAs: `${each}-${index}` })) },
}));

const pods = { group: "", versions: ["v1"], resources: ["pods"], fields: ['metadata.labels["x/account"]'] };
const source = { group: "x.io", versions: ["*"], resources: ["sources"], fields: ["spec.runAs"] };
const copier = { username: "bob", copiesFrom: "sources.x.io" };
const guarded = fc.oneof(
  { weight: 6, arbitrary: target },
  {
    weight: 2,
    arbitrary: fc.constantFrom<JsonObject>(
      targetOf(["spec.runAs", "spec.jobs[*].runAs"], { writers: [copier] }),
      targetOf(["spec.clusterAuth.impersonateUser"], { writers: [copier], statusPaths: ["status.children"] }),
      targetOf(["spec.jobs[*].runAs"], { statusPaths: ["status.children", "status.jobs[*].name"] }),
      targetOf(["spec.jobs[*].runAs"]),
      targetOf(["spec.runAs"], { onEmpty: "allow", emptyIsUnprivileged: true }),
      targetOf(["spec.runAs"], { writers: [copier], emptyStandsFor: "guest", statusWriters: ["alice"] }),
    ),
  },
);

/** A policy file: mostly enforced, with one target of some shape and others of other resources. */
export const policyFor = (targets: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      enforcement: fc.oneof({ weight: 12, arbitrary: fc.constant("enforce") }, fc.constantFrom("audit", "off")),
      narrowing: fc.constantFrom(["scopes.authorization.openshift.io"], ["toString", "x"], []),
      guarded: targets,
    })
    .map(({ guarded: one, ...rest }) => ({ name: "fuzz", ...rest, targets: [one, source, pods] }));
const policy = policyFor(guarded);

const replies = (...meanings: readonly Parameters<typeof repliesOf>[0][]) => meanings.flatMap(repliesOf);
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...replies("yes", "no")) },
  { weight: 1, arbitrary: fc.constantFrom(...replies("none")) },
);
export const fewReplies = fc.array(reply, { minLength: 1, maxLength: 4 });

/**
 * The history of an object. `same`, `relabelled` and `edited` leave the declared identity as it was, `reported` changes only the
 * status.
 */
const history = fc.oneof(
  { weight: 4, arbitrary: fc.constant("created" as const) },
  { weight: 4, arbitrary: fc.constantFrom("same", "relabelled", "reported", "edited", "rewritten") },
);

const change = (tree: JsonObject, member: string, changes: JsonObject): JsonObject => {
  const before = tree[member];
  const isObject = typeof before === "object" && before !== null && !Array.isArray(before);
  return isObject ? { ...tree, [member]: { ...before, ...changes } } : { ...tree, [member]: changes };
};

/** Who writes what over what. */
const edit = fc
  .record({
    how: history,
    now: fc.oneof({ weight: 30, arbitrary: object }, { weight: 1, arbitrary: crowd }),
    other: object,
    number,
  })
  .map(({ how, now, other, number: digits }) => {
    if (how === "created") return { operation: "CREATE", object: now, oldObject: null };
    const before = {
      same: now,
      relabelled: change({ ...now, status: other["status"] }, "metadata", { annotations: { a: "b" } }),
      reported: { ...now, status: other["status"] ?? {} },
      edited: change(now, "spec", { data: raw(digits) }),
      rewritten: other,
    }[how];
    return { operation: "UPDATE", object: now, oldObject: before };
  });

/** The members of a review's request, before anything odd is done to them. */
export const request: fc.Arbitrary<JsonObject> = fc
  .record({
    userInfo,
    change: edit,
    through: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: subresource }),
    place: fc.constantFrom<JsonObject>(
      ...Array.from({ length: 60 }, () => ({})),
      { subResource: "scale" },
      { operation: "DELETE", object: null },
      { operation: "CONNECT" },
      { operation: "UPDATE", oldObject: null },
      { operation: "create" },
      { namespace: "", resource: { group: "x.io", version: "v7", resource: "sources" } },
      { resource: { group: "", version: "v1", resource: "bindings" }, kind: { group: "", kind: "Binding" } },
      { resource: { group: "", version: "v1", resource: "pods" }, subResource: "ephemeralcontainers" },
      { resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "others" } },
      { resource: { group: "deploy.razee.io", version: "v9", resource: "mustachetemplates" } },
      { object: null },
      { userInfo: { username: "" } },
    ),
  })
  .map(({ userInfo: who, change: { operation, ...objects }, through, place }) => ({
    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
    kind: { group: "deploy.razee.io", version: "v1alpha2", kind: "MustacheTemplate" },
    resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
    name: "demo",
    namespace: "team-a",
    operation,
    userInfo: who,
    ...objects,
    dryRun: false,
    ...through,
    ...place,
  }));

/** The AdmissionReview around a request. */
export const reviewOf = (of: unknown): JsonObject => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: of,
});

/** Reviews as an API server writes them. */
export const honest: fc.Arbitrary<Trial> = fc
  .record({ request, policy, replies: fewReplies })
  .map(({ request: of, ...rest }) => ({ ...rest, text: writeExactly(reviewOf(of)) }));
