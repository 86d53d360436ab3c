import { expect, test } from "vitest";
import { formatSelectors } from "../../../../infra/local/format-selectors.ts";

const pods = { verb: "list", group: "", version: "v1", resource: "pods", name: "" };

test.each([
  [" -l app=shop", [{ key: "app", operator: "In", values: ["shop"] }]],
  [" -l app!=shop", [{ key: "app", operator: "NotIn", values: ["shop"] }]],
  [" -l app in (shop,bank)", [{ key: "app", operator: "In", values: ["shop", "bank"] }]],
  [" -l app notin (shop,bank)", [{ key: "app", operator: "NotIn", values: ["shop", "bank"] }]],
  [
    " -l app,!canary",
    [
      { key: "app", operator: "Exists" },
      { key: "canary", operator: "DoesNotExist" },
    ],
  ],
] as const)("%s", (text, requirements) => {
  expect(formatSelectors({ ...pods, labelSelector: { requirements } })).toBe(text);
});

test("the field selector stands behind the label selector", () => {
  const labelSelector = { requirements: [{ key: "app", operator: "Exists" }] } as const;
  const fieldSelector = { requirements: [{ key: "status.phase", operator: "NotIn", values: ["Failed"] }] } as const;
  expect(formatSelectors({ ...pods, labelSelector, fieldSelector })).toBe(
    " -l app --field-selector=status.phase!=Failed",
  );
});

test("without selectors there is no text", () => {
  expect(formatSelectors(pods)).toBe("");
});
