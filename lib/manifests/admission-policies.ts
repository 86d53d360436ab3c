import { formatPath } from "../policy/path.ts";
import { type Field, isInMetadata, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import {
  listOf,
  type MatchCondition,
  statusConditions,
  subresourceConditions,
  unchangedForMutate,
  validateConditions,
} from "./cel.ts";
import { mutatingSpec, settableFields } from "./mutating-policy.ts";
import { type JudgedPart, validatingSpec } from "./validating-policy.ts";
import { type Part, resourceRule } from "./webhook-configurations.ts";

/** An object of `admissionregistration.k8s.io/v1`. */
export interface AdmissionPolicyObject {
  readonly apiVersion: "admissionregistration.k8s.io/v1";
  readonly kind:
    | "ValidatingAdmissionPolicy"
    | "ValidatingAdmissionPolicyBinding"
    | "MutatingAdmissionPolicy"
    | "MutatingAdmissionPolicyBinding";
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface AdmissionPolicyOptions {
  /** Whether a write is refused if an expression fails. Absent: Fail. */
  readonly failurePolicy?: "Fail" | "Ignore";
  /** Labels of the guarded namespaces, for the bindings. Absent: all namespaces, which is the goal. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}

/**
 * The same rule in CEL, inside the API server. The ValidatingAdmissionPolicy (Kubernetes 1.30) is the final check. It makes no network call,
 * so it works while the function is down. The MutatingAdmissionPolicy (1.36) sets the fields as mutate does, those in lists excepted. Where
 * it may not set a field, the validating policy refuses the write. Neither of them warns, and an authorizer that cannot be asked counts as a
 * no. An object with more than 26 different identities is refused, and so is one that has a part which CEL cannot walk.
 *
 * Under `off` there are no policies. Under `audit` the validating policy warns and the mutating policy is left out. The mutating policy is
 * also left out for a target that sets no field. On UPDATE it does not patch an object with more than 64 top-level members, because CEL
 * cannot find the change in time; the validating policy then refuses a forbidden identity.
 *
 * @example
 * const kinds = admissionPolicies(policy).map(({ kind }) => kind);
 * kinds.slice(0, 2); // ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]
 * @throws RangeError for a target with a field at any depth of the object: its policy would refuse every object
 */
export function admissionPolicies(
  policy: Policy,
  options: AdmissionPolicyOptions = {},
): readonly AdmissionPolicyObject[] {
  return (policy.enforcement === "off" ? [] : policy.targets).flatMap((target, index, targets) => {
    for (const field of target.fields) refuseUnlimitedDepth(target, field);
    const called = resourceName(target);
    const earlier = targets.slice(0, index).filter((other) => resourceName(other) === called).length;
    const name = `${earlier > 0 ? `${earlier + 1}.` : ""}${called}.twin.impersonation-admission`;
    return [
      ...(policy.enforcement === "enforce" && settableFields(target).length > 0
        ? mutating(policy, target, `mutate.${name}`)
        : []),
      ...partsOf(policy, target).flatMap((part) => validating(part, `${part.prefix}.${name}`)),
    ].map((object) => withOptions(object, options));
  });
}

/** Names a target by its first resource, so that the same target has the same name in every policy. */
const resourceName = ({ resources, group }: Target): string => `${resources[0]}.${group || "core"}`;

/** CEL cannot find what lies at any depth. A policy can only refuse the part where it may lie, and every object has such a part. */
const refuseUnlimitedDepth = ({ resources, group }: Target, { path }: Field): void => {
  if (path[1] === "deep")
    throw new RangeError(
      `${resources.join(", ")}.${group} cannot be an admission policy: ${formatPath(path)} lies at any depth of ${formatPath(path.slice(0, 1))}, where CEL cannot find it; use the webhook`,
    );
};

const withOptions = (
  object: AdmissionPolicyObject,
  { failurePolicy, namespaceLabels }: AdmissionPolicyOptions,
): AdmissionPolicyObject => {
  if ("failurePolicy" in object.spec)
    return failurePolicy ? { ...object, spec: { ...object.spec, failurePolicy } } : object;
  const matchResources = { namespaceSelector: { matchLabels: namespaceLabels } };
  return namespaceLabels ? { ...object, spec: { ...object.spec, matchResources } } : object;
};

/**
 * The API server converts an object to a version that a rule lists, so that a policy also judges versions that no target lists. An object in a
 * version that another target lists is left to that target, because the paths may differ.
 */
const ownVersions = (policy: Policy, target: Target): readonly MatchCondition[] => {
  const { group, resources } = target;
  const others = policy.targets.filter((other) => other !== target && other.group === group);
  const shared = others.flatMap((other) => {
    const both = other.resources.filter((resource) => resources.includes(resource));
    return both.length > 0 ? [{ both, versions: other.versions }] : [];
  });
  const isOther = shared.map(
    ({ both, versions }) =>
      `(request.resource.resource in ${listOf(both)} && request.requestResource.version in ${listOf(versions)})`,
  );
  return isOther.length > 0 ? [{ name: "in-a-version-of-its-own", expression: `!(${isOther.join(" || ")})` }] : [];
};

/** The writes that one ValidatingAdmissionPolicy judges. */
interface ValidatedPart extends JudgedPart {
  readonly prefix: string;
  readonly part: Part;
  readonly conditions: readonly MatchCondition[];
}

const partsOf = (policy: Policy, target: Target): readonly ValidatedPart[] => {
  const { fields, statusPaths } = target;
  const final = { policy, target, fields, reading: { root: "object", actedOn: false }, mayBeForeign: false } as const;
  const [inMetadata, inStatus] = [fields.filter(isInMetadata), fields.filter(isInStatus)];
  return [
    { ...final, prefix: "validate", part: "validate", conditions: validateConditions(target) },
    ...(statusPaths.length > 0
      ? [
          {
            ...final,
            prefix: "status",
            part: "status",
            reading: { root: "oldObject", actedOn: true },
            conditions: statusConditions({ ...target, fields: [] }),
          } as const,
        ]
      : []),
    ...(inStatus.length > 0
      ? [
          {
            ...final,
            prefix: "status-fields",
            part: "status",
            fields: inStatus,
            conditions: statusConditions({ ...target, statusPaths: [] }),
          } as const,
        ]
      : []),
    ...(inMetadata.length > 0
      ? [
          {
            ...final,
            prefix: "subresources",
            part: "subresources",
            fields: inMetadata,
            mayBeForeign: true,
            conditions: subresourceConditions(target),
          } as const,
        ]
      : []),
  ];
};

const constraints = (target: Target, part: Part) => ({
  matchPolicy: "Equivalent",
  resourceRules: [resourceRule(target, part)],
});

const bound = (
  kind: "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy",
  name: string,
  spec: Readonly<Record<string, unknown>>,
  binding: Readonly<Record<string, unknown>>,
): readonly AdmissionPolicyObject[] => [
  { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name }, spec },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}Binding`,
    metadata: { name },
    spec: { policyName: name, ...binding },
  },
];

const validating = (judged: ValidatedPart, name: string): readonly AdmissionPolicyObject[] => {
  const { policy, target, part, conditions } = judged;
  return bound(
    "ValidatingAdmissionPolicy",
    name,
    {
      failurePolicy: "Fail",
      matchConstraints: constraints(target, part),
      matchConditions: [...ownVersions(policy, target), ...conditions],
      ...validatingSpec(judged),
    },
    { validationActions: policy.enforcement === "audit" ? ["Warn", "Audit"] : ["Deny"] },
  );
};

const mutating = (policy: Policy, target: Target, name: string): readonly AdmissionPolicyObject[] =>
  bound(
    "MutatingAdmissionPolicy",
    name,
    {
      failurePolicy: "Fail",
      reinvocationPolicy: "IfNeeded",
      matchConstraints: constraints(target, "mutate"),
      matchConditions: [
        ...ownVersions(policy, target),
        { name: "changed", expression: `!(${unchangedForMutate(target, true)})` },
      ],
      ...mutatingSpec(policy, target),
    },
    {},
  );
