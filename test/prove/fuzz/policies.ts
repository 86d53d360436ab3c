import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { targetOf } from "../../support/arbitrary/policies.ts";
import { writeExactly } from "./exact-json.ts";
import type { Trial } from "./properties.ts";
import { fewReplies, policyFor, request, reviewOf } from "./worlds.ts";

/*
 * Policies that no user would write: fields that overlap, and now and then a member that is not allowed. Most are
 * refused; by those that are not, reviews are judged.
 */

const path = fc.constantFrom(
  ...["spec.runAs", "spec.account", "spec.jobs[*].runAs", "spec.jobs[*].namespace", "spec.clusterAuth", "spec"],
  ...['spec["a/b"].c', "spec.clusterAuth.impersonateUser", 'metadata.labels["x/account"]', "metadata.name"],
  ...["metadata.labels[*].a", "spec.jobs[*].runs[*].as", "status.runAs", "status.children[*].as", "metadata", "status"],
);
const form = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom<unknown>(
      ...["name", "namespace:name", { namespaceKey: "account" }, { namespaceKey: "namespace" }],
      ...[{ namespaceKey: "runAs" }, { namespaceKey: "x/namespace" }],
      ...[
        { namespaceKey: "namespace", required: true },
        { namespaceKey: "account", required: true, colon: true },
      ],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...[5, { namespaceKey: "__proto__" }, { namespaceKey: "" }, { namespaceKey: "account", required: false }],
    ),
  },
);
const account = fc.record({ path, serviceAccount: form });
const mixed = fc.record(
  {
    path: fc.oneof(path, fc.constantFrom("spec.**.runAs", "spec.**.jobs[*].runAs", "spec.**.a.**.b", "status.**.as")),
    serviceAccount: fc.oneof(
      form,
      fc.constantFrom<unknown>(
        { namespaceAt: "spec.account", colon: true },
        { namespaceAt: "spec.account", required: true },
      ),
    ),
    names: fc.constantFrom<unknown>("group", "anything", "user"),
    standsFor: fc.constantFrom<unknown>("bob", "guest", ""),
    onEmpty: fc.constantFrom<unknown>("deny", "requester", { default: "guest" }),
    emptyStandsFor: fc.constantFrom<unknown>("guest", ""),
    unprivileged: fc.constantFrom<unknown>(["guest"], "guest"),
    privileged: fc.constantFrom<unknown>({ guest: "bob" }, {}),
    whenSet: fc.constantFrom<unknown>(
      [{ path: "spec.data", onForbidden: "deny" }],
      [
        { path: "spec.clusterAuth", emptyStandsFor: "bob" },
        { path: "spec.data", onEmpty: "deny" },
      ],
      [{ path: "spec.jobs[*].runAs" }],
      [{}],
    ),
  },
  { requiredKeys: ["path"] },
);
/** A path to any depth, mostly behind others that lead to some of its places. */
const behind = fc
  .record({
    first: fc.uniqueArray(
      fc.record(
        {
          path: fc.constantFrom("spec.runAs", "spec.jobs[*].runAs", "spec.a.runAs", "spec.runAs.runAs"),
          serviceAccount: fc.constantFrom<unknown>("name", { namespaceKey: "namespace", required: true }),
          names: fc.constantFrom<unknown>("group", "anything"),
          whenSet: fc.constant([{ path: "spec.data", onForbidden: "deny" }]),
        },
        { requiredKeys: ["path"] },
      ),
      { minLength: 1, maxLength: 2, selector: ({ path: at }) => at },
    ),
    deep: fc.record(
      {
        path: fc.constantFrom("spec.**.runAs", "spec.**.jobs[*].runAs", "spec.jobs.**.runAs"),
        serviceAccount: fc.constant("name"),
        names: fc.constantFrom<unknown>("group", "anything"),
        standsFor: fc.constant("guest"),
        onEmpty: fc.constantFrom<unknown>("deny", { default: "guest" }),
      },
      { requiredKeys: ["path"] },
    ),
    isBehind: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  })
  .map(({ first, deep, isBehind }): unknown[] => (isBehind ? [...first, deep] : [deep, ...first]));
const fieldsOf = <T>(field: fc.Arbitrary<T>) => fc.uniqueArray(field, { minLength: 1, maxLength: 3 });

const oddRule = fc.record(
  {
    onForbidden: fc.constantFrom<unknown>("requester", "replace", null),
    onEmpty: fc.constantFrom<unknown>("requester", "allow", { default: "" }, { default: "\u00e9" }),
    privileged: fc.constantFrom<unknown>({ constructor: "bob" }, { toString: "bob" }, [], null),
    statusPaths: fc.constantFrom<unknown>(["spec.a"], "status.a"),
    emptyStandsFor: fc.constantFrom<unknown>("", "guest", { default: "guest" }),
    onPrivilegedRequester: fc.constantFrom<unknown>("requester", true),
    statusWriters: fc.constantFrom<unknown>("bob", [""], { bob: true }),
    permission: fc.constantFrom<unknown>({ verb: "use" }, null),
    toString: fc.constant("bob"),
  },
  { requiredKeys: [] },
);
const rule = fc.record(
  {
    onForbidden: fc.constant("deny"),
    onEmpty: fc.constantFrom<unknown>(
      "deny",
      { default: "guest" },
      { default: "deployer" },
      { default: "team-b:deployer" },
    ),
    privileged: fc.constantFrom<unknown>({ guest: "bob" }, { toString: "bob" }),
    statusPaths: fc.constantFrom<unknown>([], ["status.children"], ["status"]),
    emptyStandsFor: fc.constantFrom<unknown>("guest", "bob"),
    onPrivilegedRequester: fc.constantFrom<unknown>("deny", "default"),
    statusWriters: fc.constantFrom<unknown>([], ["alice", "bob"]),
    permission: fc.constant({ verb: "use", group: "x.io", resource: "accounts" }),
    ignoresLetterCase: fc.constant(true),
  },
  { requiredKeys: [] },
);
const target = fc
  .record({
    fields: fc.oneof<fc.Arbitrary<unknown[]>[]>(fieldsOf(path), fieldsOf(account), fieldsOf(mixed), behind),
    rule: fc.oneof({ weight: 5, arbitrary: rule }, { weight: 1, arbitrary: oddRule }),
  })
  .map(({ fields, rule: more }): JsonObject => targetOf(fields, more as JsonObject));

/** Reviews by policies that may be none. */
export const byAnyPolicy: fc.Arbitrary<Trial> = fc
  .record({ request, policy: policyFor(target), replies: fewReplies })
  .map(({ request: of, ...rest }) => ({ ...rest, text: writeExactly(reviewOf(of)) }));
