import { expect, test } from "vitest";
import { policyCovers, webhookCovers } from "../../../../infra/doctor/rule-coverage.ts";

const guarded = { group: "example.com", resource: "robots", versions: ["v1", "v1beta1"] };
const rule = { apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["robots"], operations: ["CREATE"] };

test.for([
  [{}, true],
  [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], operations: ["*"] }, true],
  [{ resources: ["*/*"] }, true],
  [{ resources: ["robots/*"] }, true],
  [{ resources: ["robots/status"] }, false],
  [{ resources: ["others"] }, false],
  [{ apiGroups: [""] }, false],
  [{ operations: ["UPDATE"] }, true],
  [{ operations: ["DELETE", "CONNECT"] }, false],
  // The API server converts an equivalent version, and calls the webhook with it.
  [{ apiVersions: ["v2"] }, true],
] as const)("%j covers: %s", ([change, covers]) => {
  const rules = [
    { ...rule, operations: ["DELETE"] },
    { ...rule, ...change },
  ];
  expect(webhookCovers({ rules }, guarded)).toBe(covers);
  expect(policyCovers({ spec: { matchConstraints: { resourceRules: rules } } }, guarded)).toBe(covers);
});

test.for([
  ["v1beta1", true],
  ["v2", false],
] as const)("a rule with matchPolicy Exact covers only its versions: %s", ([version, covers]) => {
  const rules = [{ ...rule, apiVersions: [version] }];
  expect(webhookCovers({ rules, matchPolicy: "Exact" }, guarded)).toBe(covers);
});

test("without rules, no resource is covered", () => {
  expect(webhookCovers({}, guarded)).toBe(false);
  expect(policyCovers({}, guarded)).toBe(false);
});
