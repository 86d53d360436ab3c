import { expect, test } from "vitest";
import { describeDifference, webhookDifferences } from "../../../../infra/doctor/differences.ts";
import { webhookConfigurations } from "../../../../lib/manifests/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const [mutating] = webhookConfigurations({ policy, client: { url: "https://host/clusters/prod/KEY" } });
const wanted = mutating.webhooks[0] as unknown as Record<string, unknown>;
/** The wanted webhook with the members that kube-apiserver adds when it stores the webhook. */
const stored = { ...wanted, namespaceSelector: {}, objectSelector: {} };
const [rule] = wanted["rules"] as readonly [Record<string, unknown>];

const differencesOf = (installed: Record<string, unknown>) =>
  webhookDifferences(installed, wanted).map(describeDifference);

test("defaults of the API server, and members that operators choose, are not differences", () => {
  expect(differencesOf(stored)).toEqual([]);
  const { matchPolicy: _, ...defaulted } = stored as Record<string, unknown>;
  expect(
    differencesOf({ ...defaulted, timeoutSeconds: 9, failurePolicy: "Ignore", clientConfig: { service: {} } }),
  ).toEqual([]);
});

test("the order in a list of names is not a difference", () => {
  const resources = (rule["resources"] as readonly string[]).toReversed();
  expect(differencesOf({ ...stored, rules: [{ ...rule, resources, operations: ["UPDATE", "CREATE"] }] })).toEqual([]);
});

test.for([
  [{ rules: [{ ...rule, apiVersions: ["v1"] }] }, 'rules[0].apiVersions is ["v1"], but must be ["*"]'],
  [{ rules: [{ ...rule, scope: "Namespaced" }] }, 'rules[0].scope is "Namespaced", but must be "*"'],
  [{ objectSelector: { matchLabels: { a: "b" } } }, 'objectSelector.matchLabels is {"a":"b"}, but must be absent'],
  [{ reinvocationPolicy: "Never" }, 'reinvocationPolicy is "Never", but must be "IfNeeded"'],
  [{ matchPolicy: "Exact" }, 'matchPolicy is "Exact", but must be "Equivalent"'],
  [{ sideEffects: "NoneOnDryRun" }, 'sideEffects is "NoneOnDryRun", but must be "None"'],
] as const)("%j", ([change, sentence]) => {
  expect(differencesOf({ ...stored, ...change })).toEqual([sentence]);
});

test("a missing condition is named, shortened", () => {
  const [sentence, ...more] = differencesOf({ ...stored, matchConditions: [] });
  expect(more).toEqual([]);
  expect(sentence).toMatch(/^matchConditions is \[\], but must be \[\{"name":"changed",.*\.\.\.$/);
});

test("a changed condition is named with its index", () => {
  const conditions = wanted["matchConditions"] as readonly Record<string, unknown>[];
  const changed = conditions.map((each, index) => (index === 1 ? { ...each, expression: "false" } : each));
  expect(differencesOf({ ...stored, matchConditions: changed })).toEqual([
    expect.stringMatching(/^matchConditions\[1\]\.expression is "false", but must be "/),
  ]);
});
