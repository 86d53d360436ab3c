import type {
  FieldSelectorRequirement,
  LabelSelectorRequirement,
  ResourceAttributes,
} from "../../lib/question/index.ts";

/**
 * The selectors of a question in the words of `kubectl get`, each behind a space; "" where it selects everything.
 *
 * @example formatSelectors({ ...pods, labelSelector: { requirements: [{ key: "app", operator: "Exists" }] } }); // " -l app"
 */
export function formatSelectors({ labelSelector, fieldSelector }: ResourceAttributes): string {
  const labels = labelSelector?.requirements.map(formatRequirement).join(",");
  const fields = fieldSelector?.requirements.map(formatRequirement).join(",");
  return `${labels ? ` -l ${labels}` : ""}${fields ? ` --field-selector=${fields}` : ""}`;
}

const formatRequirement = ({
  key,
  operator,
  values = [],
}: FieldSelectorRequirement | LabelSelectorRequirement): string => {
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  const isNegated = operator === "NotIn";
  return values.length === 1
    ? `${key}${isNegated ? "!=" : "="}${values[0]}`
    : `${key}${isNegated ? " notin " : " in "}(${values.join(",")})`;
};
