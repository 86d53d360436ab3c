import { expect, test } from "vitest";
import { describeDifference, webhookDifferences } from "../../../../infra/doctor/difference.ts";
import { webhookConfigurations } from "../../../../lib/manifests/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const [mutating] = webhookConfigurations({ policy, client: { url: "https://host/clusters/prod/KEY" } });
const wanted = mutating.webhooks[0] as unknown as Record<string, unknown>;
/** What kube-apiserver adds on storing it. */
const stored = { ...wanted, namespaceSelector: {}, objectSelector: {} };
const [rule] = wanted["rules"] as readonly [Record<string, unknown>];

const told = (installed: Record<string, unknown>) => webhookDifferences(installed, wanted).map(describeDifference);

test("what the API server adds, and what a person may choose, is no difference", () => {
  expect(told(stored)).toEqual([]);
  const { matchPolicy: _, ...defaulted } = stored as Record<string, unknown>;
  expect(told({ ...defaulted, timeoutSeconds: 9, failurePolicy: "Ignore", clientConfig: { service: {} } })).toEqual([]);
});

test("the order of names is no difference", () => {
  const resources = (rule["resources"] as readonly string[]).toReversed();
  expect(told({ ...stored, rules: [{ ...rule, resources, operations: ["UPDATE", "CREATE"] }] })).toEqual([]);
});

test.for([
  [{ rules: [{ ...rule, apiVersions: ["v1"] }] }, 'rules[0].apiVersions is ["v1"], but must be ["*"]'],
  [{ rules: [{ ...rule, scope: "Namespaced" }] }, 'rules[0].scope is "Namespaced", but must be "*"'],
  [{ objectSelector: { matchLabels: { a: "b" } } }, 'objectSelector.matchLabels is {"a":"b"}, but must be absent'],
  [{ reinvocationPolicy: "Never" }, 'reinvocationPolicy is "Never", but must be "IfNeeded"'],
  [{ matchPolicy: "Exact" }, 'matchPolicy is "Exact", but must be "Equivalent"'],
  [{ sideEffects: "NoneOnDryRun" }, 'sideEffects is "NoneOnDryRun", but must be "None"'],
] as const)("%j", ([change, sentence]) => {
  expect(told({ ...stored, ...change })).toEqual([sentence]);
});

test("a condition more or less is named, in short", () => {
  const [sentence, ...more] = told({ ...stored, matchConditions: [] });
  expect(more).toEqual([]);
  expect(sentence).toMatch(/^matchConditions is \[\], but must be \[\{"name":"changed",.*\.\.\.$/);
});

test("a condition that says something else is named by its place", () => {
  const conditions = wanted["matchConditions"] as readonly Record<string, unknown>[];
  const changed = conditions.map((each, index) => (index === 1 ? { ...each, expression: "false" } : each));
  expect(told({ ...stored, matchConditions: changed })).toEqual([
    expect.stringMatching(/^matchConditions\[1\]\.expression is "false", but must be "/),
  ]);
});
