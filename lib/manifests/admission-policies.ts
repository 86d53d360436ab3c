import { longestName } from "../identity/header-safe.ts";
import { formatSegments, namesOf, pointerOf } from "../policy/path.ts";
import { type Field, isInMetadata, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import {
  accessTo,
  celString,
  listOf,
  type MatchCondition,
  statusConditions,
  subresourceConditions,
  unchangedForMutate,
  validateConditions,
} from "./cel.ts";
import { type Part, ruleOf } from "./webhook-configurations.ts";

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

interface Variable {
  readonly name: string;
  readonly expression: string;
}

/**
 * The same rule in CEL, inside the API server. The ValidatingAdmissionPolicy (Kubernetes 1.30) is the final check. It makes no network call,
 * so it works while the function is down. The MutatingAdmissionPolicy (1.36) sets the field as mutate does. Where it may not set the field,
 * the validating policy refuses the write. Neither of them warns, and an authorizer that cannot be asked counts as a no.
 *
 * Under `off` there are no policies. Under `audit` the validating policy warns and the mutating policy is left out. The mutating policy is
 * also left out for a target that sets no field. On UPDATE it does not patch an object with more than 64 top-level members, because CEL
 * cannot find the change in time; the validating policy then refuses a forbidden identity.
 *
 * @example
 * const kinds = admissionPolicies(policy).map(({ kind }) => kind);
 * kinds.slice(0, 2); // ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]
 * @throws RangeError for a target that does not have exactly one username field at one place: a walk would exceed CEL's budget
 */
export function admissionPolicies(
  policy: Policy,
  options: AdmissionPolicyOptions = {},
): readonly AdmissionPolicyObject[] {
  return (policy.enforcement === "off" ? [] : policy.targets).flatMap((target, index) => {
    const name = `${index > 0 ? `${index + 1}.` : ""}${target.group || "core"}.twin.impersonation-admission`;
    const twin = { policy, target, ...onlyField(target) };
    return [
      ...(policy.enforcement === "enforce" && sets(twin.field) ? mutating(twin, `mutate.${name}`) : []),
      ...validating(twin, `validate.${name}`, "validate"),
      ...(target.statusPaths.length > 0 ? validating(twin, `status.${name}`, "status") : []),
      ...(isInMetadata(twin.field) ? validating(twin, `subresources.${name}`, "subresources") : []),
    ].map((object) => withOptions(object, options));
  });
}

const withOptions = (
  object: AdmissionPolicyObject,
  { failurePolicy, namespaceLabels }: AdmissionPolicyOptions,
): AdmissionPolicyObject => {
  if ("failurePolicy" in object.spec)
    return failurePolicy ? { ...object, spec: { ...object.spec, failurePolicy } } : object;
  const matchResources = { namespaceSelector: { matchLabels: namespaceLabels } };
  return namespaceLabels ? { ...object, spec: { ...object.spec, matchResources } } : object;
};

/** One username field, and what says it in CEL. */
interface Twin {
  readonly policy: Policy;
  readonly target: Target;
  readonly field: Field;
  readonly segments: readonly string[];
}

const onlyField = (target: Target): Pick<Twin, "field" | "segments"> => {
  const [field, ...more] = target.fields;
  const segments = field && namesOf(field.path);
  if (
    !segments ||
    field.names !== "username" ||
    field.permission ||
    field.unprivileged.length > 0 ||
    field.whenSet.length > 0 ||
    more.length > 0 ||
    target.writers.length > 0 ||
    isInStatus(field) ||
    typeof field.onEmpty === "object"
  )
    throw new RangeError(
      `${target.resources.join(", ")}.${target.group} cannot be an admission policy: that needs one username field outside the status, without a walk, a fixed default, writers, conditions, unprivileged values or a permission of its own`,
    );
  return { field, segments };
};

const sets = ({ onForbidden, onEmpty }: Field): boolean => onForbidden === "requester" || onEmpty === "requester";

/** CEL that is true for a name that a header can carry. */
const isHeaderSafe = (name: string): string =>
  `size(${name}) <= ${longestName} && ${name}.matches('^[!-~]([ -~]*[!-~])?$')`;
const user = (name: string): string =>
  `authorizer.group('').resource('users').name(${name}).check('impersonate').allowed()`;
const account = (namespace: string, name: string): string =>
  `authorizer.group('').resource('serviceaccounts').namespace(${namespace}).name(${name}).check('impersonate').allowed()`;

/** Three variables: whether a username is a service account's, and whether the requester may impersonate it. */
const impersonation = (name: string, of: string): readonly Variable[] => {
  const parts = `variables.${name}Parts`;
  return [
    { name: `${name}Parts`, expression: `${of}.startsWith('system:serviceaccount:') ? ${of}.split(':') : []` },
    {
      name: `${name}IsServiceAccount`,
      expression:
        `${parts}.size() == 4 && !format.dns1123Label().validate(${parts}[2]).hasValue()` +
        ` && !format.dns1123Subdomain().validate(${parts}[3]).hasValue()`,
    },
    {
      name: `mayBe${name[0]?.toUpperCase()}${name.slice(1)}`,
      expression: `variables.${name}IsServiceAccount ? ${account(`${parts}[2]`, `${parts}[3]`)} : ${user(of)}`,
    },
  ];
};

/** The variables of the rule, over the object whose field is judged. */
const variablesOf = ({ policy, field, segments }: Twin, part: Part): readonly Variable[] => {
  const root = part === "status" ? "oldObject" : "object";
  const at = accessTo(root, segments);
  const parts = segments.map((_, index) => accessTo(root, segments.slice(0, index + 1)));
  const isNothing = [at.absent, ...parts.map(({ there, value }) => `(${there} && ${value} == null)`)];
  const accounts = Object.entries(field.privileged);
  const narrow = policy.narrowing.map(
    (key) => `(has(request.userInfo.extra) && ${celString(key)} in request.userInfo.extra)`,
  );
  const standsFor = accounts
    .map(([value, of]) => `variables.declared == ${celString(value)} ? ${celString(of)} : `)
    .join("");
  const standIn = standInOf(field, part);
  return [
    { name: "me", expression: "request.userInfo.username" },
    { name: "isText", expression: `${at.there} && type(${at.value}) == string` },
    { name: "isNothing", expression: isNothing.join(" || ") },
    { name: "declared", expression: `variables.isText ? string(${at.value}) : ''` },
    { name: "isEmpty", expression: "variables.declared == ''" },
    { name: "isSafe", expression: `variables.isEmpty || (${isHeaderSafe("variables.declared")})` },
    {
      name: "identity",
      expression:
        standIn === undefined
          ? "variables.isSafe ? variables.declared : ''"
          : `variables.isEmpty ? ${celString(standIn)} : variables.isSafe ? variables.declared : ''`,
    },
    { name: "privileged", expression: listOf(accounts.map(([value]) => value)) },
    { name: "isPrivileged", expression: "variables.declared in variables.privileged" },
    { name: "standsFor", expression: `${standsFor}''` },
    { name: "isNarrowed", expression: narrow.join(" || ") || "false" },
    ...impersonation("identity", "variables.identity"),
    ...impersonation("standsFor", "variables.standsFor"),
    ...impersonation("me", "variables.me"),
    {
      name: "mayStay",
      expression:
        "!variables.isPrivileged && variables.identity == variables.me" +
        " ? (!variables.isNarrowed || variables.mayBeMe)" +
        " : (variables.mayBeIdentity && (!variables.isPrivileged || variables.mayBeStandsFor))",
    },
  ];
};

/** The identity that an empty field stands for where it stays empty. */
const standInOf = ({ onEmpty, emptyStandsFor }: Field, part: Part): string | undefined =>
  onEmpty === "stands" || (part === "status" && onEmpty !== "allow") ? emptyStandsFor : undefined;

const constraints = (target: Target, part: Part) => ({
  matchPolicy: "Equivalent",
  resourceRules: [ruleOf(target, part)],
});

const conditionsOf = (target: Target, part: Part): readonly MatchCondition[] => {
  if (part === "status") return statusConditions(target);
  return part === "subresources" ? subresourceConditions(target) : validateConditions(target);
};

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

const validating = (twin: Twin, name: string, part: Part): readonly AdmissionPolicyObject[] => {
  const { policy, target, field, segments } = twin;
  const at = formatSegments(segments);
  const standIn = standInOf(field, part);
  const fix = `' + variables.me + ' or to an identity that ' + variables.me + ' may impersonate'`;
  const validations = [
    ...(part === "subresources"
      ? [
          {
            expression: "oldObject != null && !(request.kind.group == 'autoscaling' && request.kind.kind == 'Scale')",
            message: `${at} must not be in an object of another kind than ${target.resources.join(" or ")}; leave it out`,
            reason: "Invalid",
          },
        ]
      : []),
    {
      expression: "variables.isText || variables.isNothing",
      message: `${at} must be a string, and its parents must be objects`,
      reason: "Invalid",
    },
    {
      expression: "variables.isSafe",
      message: `${at} must be printable ASCII without spaces at its ends, of ${longestName} characters at most`,
      reason: "Invalid",
    },
    ...(field.onEmpty === "allow" || standIn !== undefined
      ? []
      : [
          {
            expression: "!variables.isEmpty",
            messageExpression: `'${at} is empty; set it to ${fix}`,
            message: `${at} is empty`,
            reason: "Forbidden",
          },
        ]),
    {
      expression: `${standIn === undefined ? "variables.isEmpty || " : ""}!variables.isSafe || variables.mayStay`,
      messageExpression: `'${at}: ' + variables.me + ' may not impersonate "' + variables.identity + '"; set it to ${fix}`,
      message: `${at} names an identity that the requester may not impersonate`,
      reason: "Forbidden",
    },
  ];
  return bound(
    "ValidatingAdmissionPolicy",
    name,
    {
      failurePolicy: "Fail",
      matchConstraints: constraints(target, part),
      matchConditions: conditionsOf(target, part),
      variables: variablesOf(twin, part),
      validations,
      auditAnnotations: [
        { key: "requester", valueExpression: "variables.me" },
        { key: "declared", valueExpression: "variables.declared" },
      ],
    },
    { validationActions: policy.enforcement === "audit" ? ["Warn", "Audit"] : ["Deny"] },
  );
};

/** Rule `privileged`: usernames that are never written into the field. */
const neverWritten = ({ field: { privileged }, target }: Twin): readonly string[] => [
  ...new Set([
    ...Object.keys(privileged),
    ...(target.onPrivilegedRequester === "deny" ? Object.values(privileged) : []),
  ]),
];

const mutating = (twin: Twin, name: string): readonly AdmissionPolicyObject[] => {
  const { target, field, segments } = twin;
  const writes = [
    "(variables.isText || variables.isNothing) && variables.isSafe",
    `(variables.isEmpty ? ${field.onEmpty === "requester"} : (${field.onForbidden === "requester"} && !variables.mayStay))`,
    `${isHeaderSafe("variables.me")} && !(variables.me in ${listOf(neverWritten(twin))})`,
    "(!variables.isNarrowed || variables.mayBeMe)",
  ].join(" && ");
  return bound(
    "MutatingAdmissionPolicy",
    name,
    {
      failurePolicy: "Fail",
      reinvocationPolicy: "IfNeeded",
      matchConstraints: constraints(target, "mutate"),
      matchConditions: [{ name: "changed", expression: `!(${unchangedForMutate(target, true)})` }],
      variables: [...variablesOf(twin, "mutate"), { name: "writes", expression: writes }],
      mutations: [
        { patchType: "JSONPatch", jsonPatch: { expression: `!variables.writes ? [] : ${patchOf(segments)}` } },
      ],
    },
    {},
  );
};

/** Adds the field where its parent exists, otherwise the parent with the field in it, and so on upwards. */
const patchOf = (segments: readonly string[]): string =>
  segments
    .map((_, index) => {
      const nested = segments
        .slice(index + 1)
        .reduceRight((value, key) => `{${celString(key)}: ${value}}`, "variables.me");
      const operation = `[JSONPatch{op: 'add', path: ${celString(pointerOf(segments.slice(0, index + 1)))}, value: ${nested}}]`;
      const parent = accessTo("object", segments.slice(0, index));
      return index === 0 ? operation : `${parent.there} && type(${parent.value}) == map ? ${operation} : `;
    })
    .reverse()
    .join("");
