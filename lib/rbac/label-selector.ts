import { itemsOf, type ManifestField, mapOf, membersOf, stringIn, textsOf, wrong } from "./manifest-field.ts";

const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

/** `meta/v1` LabelSelectorRequirement. */
interface Requirement {
  readonly key: string;
  readonly operator: (typeof operators)[number];
  readonly values: readonly string[];
}

/** `meta/v1` LabelSelector as requirements that must all hold. A selector without requirements selects everything. */
export type LabelSelector = readonly Requirement[];

const readRequirement = (field: ManifestField): Requirement => {
  const members = membersOf(field, "key", "operator", "values");
  const key = stringIn(members.key);
  const operator = operators.find((candidate) => candidate === members.operator.value);
  const values = textsOf(members.values);
  if (key === "") throw wrong(members.key, "is missing: write the key of a label");
  if (!operator) throw wrong(members.operator, `must be one of ${operators.join(", ")}`);
  if (operator.endsWith("In") !== values.length > 0)
    throw wrong(members.values, "must have items for In and NotIn, and none for Exists and DoesNotExist");
  return { key, operator, values };
};

/**
 * Reads a LabelSelector (`apimachinery` pkg/apis/meta/v1 LabelSelectorAsSelector).
 *
 * @throws RbacError for a selector that has another shape.
 */
export function readLabelSelector(field: ManifestField): LabelSelector {
  const { matchLabels, matchExpressions } = membersOf(field, "matchLabels", "matchExpressions");
  const equalities = Array.from(
    mapOf(matchLabels),
    ([key, value]) => ({ key, operator: "In", values: [value] }) as const,
  );
  return [...equalities, ...itemsOf(matchExpressions).map(readRequirement)];
}

const holds = ({ key, operator, values }: Requirement, labels: ReadonlyMap<string, string>): boolean => {
  const value = labels.get(key);
  const listed = values.some((one) => one === value);
  return { In: listed, NotIn: !listed, Exists: value !== undefined, DoesNotExist: value === undefined }[operator];
};

/** Whether labels meet a selector. An absent label meets `NotIn` (`apimachinery` pkg/labels Requirement.Matches). */
export function selects(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return selector.every((requirement) => holds(requirement, labels));
}
