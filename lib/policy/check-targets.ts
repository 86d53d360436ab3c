import { serviceAccountOf } from "../identity/service-account.ts";
import { isDeep, type Path } from "./path.ts";
import { type Field, type FieldRule, identityPaths, isInStatus, type Target } from "./policy.ts";
import type { FieldText, RuleText, TargetText } from "./policy-schema.ts";

/** Throws a PolicyError about the value at this place. */
type Refuse = (place: string, what: string) => never;

/** Checks the members of a target against each other, and gives each field its rule. */
export function checkedTarget(
  {
    fields: texts,
    statusPaths,
    onPrivilegedRequester,
    writers,
    statusWriters,
    ignoresLetterCase,
    group,
    versions,
    resources,
    ...rule
  }: TargetText,
  refuse: Refuse,
): Target {
  checkPlaces(texts, refuse);
  const fields = texts.map((text, index) => fieldOf(text, rule, index, refuse));
  return {
    group,
    versions,
    resources,
    fields,
    statusPaths,
    onPrivilegedRequester,
    writers,
    statusWriters,
    ignoresLetterCase: ignoresLetterCase ?? false,
  };
}

const fieldOf = (text: FieldText, usual: RuleText, index: number, refuse: Refuse): Field => {
  const { path, serviceAccount, names: kind, standsFor, whenSet, ...own } = text;
  const at = `fields[${index}]`;
  const said = (["serviceAccount", "names", "standsFor"] as const).filter((member) => text[member] !== undefined);
  if (said[1] !== undefined)
    refuse(`${at}.${said[1]}`, `stands beside ${said[0]}; a field names one kind of identity, so keep one of them`);
  const names =
    standsFor !== undefined ? "anything" : (kind ?? (serviceAccount === undefined ? "username" : "serviceAccount"));
  const place: FieldPlace = {
    path,
    names,
    ...(serviceAccount !== undefined && { serviceAccount }),
    ...(standsFor !== undefined && { standsFor }),
  };
  // An empty field of this kind names no identity, whatever the target says of its fields.
  const before = names === "anything" ? merged(usual, noEmpty) : usual;
  const ruleAt = (before: RuleText, given: RuleText, where: string): FieldRule => {
    const isHere = (member: string): boolean => Object.hasOwn(given, member.replace(/\..*/, ""));
    return checkedRule(place, merged(before, given), (member, what) =>
      refuse(isHere(member) ? where + member : member, what),
    );
  };
  const rule = ruleAt(before, own, `${at}.`);
  checkStandIn(rule.privileged, standsFor, (what) => refuse(`${at}.standsFor`, what));
  return {
    ...place,
    ...rule,
    whenSet: whenSet.map(({ path: set, ...other }, position) => ({
      path: set,
      ...ruleAt(merged(before, own), other, `${at}.whenSet[${position}].`),
    })),
  };
};

/** Members that say together what an empty field is. */
const ofEmpty = ["onEmpty", "emptyIsUnprivileged", "emptyStandsFor"] as const;

const noEmpty: RuleText = { onEmpty: "allow", emptyIsUnprivileged: true };

/** A rule with members of another in place of its own. What a rule says of an empty field is replaced as a whole. */
const merged = (before: RuleText, given: RuleText): RuleText => {
  const saysEmpty = ofEmpty.some((member) => given[member] !== undefined);
  const kept = Object.entries(before).filter(([member]) => !saysEmpty || !ofEmpty.some((name) => name === member));
  return { ...Object.fromEntries(kept), ...given };
};

type FieldPlace = Pick<Field, "path" | "names" | "serviceAccount" | "standsFor">;

/** Why a field is never set to the requester; undefined where it may be. */
const neverRequester = ({ names, path }: FieldPlace, { permission }: RuleText): string | undefined => {
  if (names === "serviceAccount") return "a service-account field cannot be set to the requester";
  if (names === "group") return "a group's field cannot be set to the requester";
  if (names === "anything") return "a value that is not read cannot be set to the requester";
  if (permission)
    return "the identity of a field with a permission of its own lives elsewhere, and is never the requester";
  return isInStatus({ path }) ? "a field in the status cannot be set" : undefined;
};

const checkedRule = (
  place: FieldPlace,
  { emptyIsUnprivileged, privileged = {}, unprivileged = [], ...given }: RuleText,
  refuse: Refuse,
): FieldRule => {
  const { emptyStandsFor } = given;
  const never = neverRequester(place, given);
  const instead = never === undefined ? "requester" : "deny";
  const { onForbidden = instead, onEmpty = emptyStandsFor === undefined ? instead : "stands" } = given;
  if (never !== undefined && onForbidden === "requester") refuse("onForbidden", `must be "deny": ${never}`);
  if (place.names === "anything" && onEmpty !== "allow")
    refuse(
      given.onEmpty === undefined ? "emptyStandsFor" : "onEmpty",
      "has no meaning for a value that is not read: an empty one names no identity; leave it out",
    );
  const inStatus = isInStatus(place);
  if (never !== undefined && onEmpty === "requester")
    refuse(
      "onEmpty",
      `must be ${inStatus ? '"deny" or "allow"' : '"deny", "allow" or { default: NAME }'}, or absent beside emptyStandsFor: ${never}`,
    );
  if (onEmpty === "allow" && emptyIsUnprivileged !== true)
    refuse(
      "onEmpty",
      '"allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    );
  if (typeof onEmpty === "object") checkDefault(place, privileged, onEmpty.default, refuse);
  if (emptyStandsFor !== undefined && onEmpty === "allow")
    refuse("emptyStandsFor", 'contradicts onEmpty: "allow", which gives an empty field no identity; keep one of them');
  checkStandIn(privileged, emptyStandsFor, (what) => refuse("emptyStandsFor", what));
  const both = unprivileged.find((value) => Object.hasOwn(privileged, value));
  if (both !== undefined) refuse("unprivileged", `holds "${both}", which is a privileged value; keep one of them`);
  return { ...given, privileged, unprivileged, onForbidden, onEmpty };
};

const checkDefault = (place: FieldPlace, privileged: FieldRule["privileged"], name: string, refuse: Refuse): void => {
  if (isInStatus(place))
    refuse(
      "onEmpty",
      'must be "deny" or "allow", or absent beside emptyStandsFor: a field in the status cannot be set',
    );
  if (Object.hasOwn(privileged, name))
    refuse("onEmpty.default", `"${name}" is a privileged value, which is never a default; choose another`);
  if (!canHold(place, name))
    refuse("onEmpty.default", `"${name}" is not a service account's name in the form of every field; choose another`);
};

const checkStandIn = (
  privileged: FieldRule["privileged"],
  standIn: string | undefined,
  refuse: (what: string) => never,
): void => {
  const value = Object.keys(privileged).find((each) => each === standIn);
  if (value !== undefined) refuse(`"${value}" is a privileged value; name the account that it stands for`);
};

const checkPlaces = (fields: readonly FieldText[], refuse: Refuse): void => {
  for (const [index, { path, serviceAccount, names, standsFor }] of fields.entries()) {
    const last = path.at(-1);
    if (
      serviceAccount === undefined &&
      names === undefined &&
      standsFor === undefined &&
      typeof last === "object" &&
      /serviceaccount(name)?$/i.test(last.key)
    )
      refuse(
        `fields[${index}]`,
        `ends in ${last.key}, which names a service account; write { path: ..., serviceAccount: name }, or another form`,
      );
    // The places that are left to a path to any depth are those of no field before it.
    const other = fields
      .slice(0, index)
      .find((field) => meet(field.path, path) && !(isDeep(path) && !isDeep(field.path)));
    if (other !== undefined)
      refuse(
        `fields[${index}]`,
        `leads to the same place as fields[${fields.indexOf(other)}], or into it; ${isDeep(path) === isDeep(other.path) ? "keep one" : "write the path to any depth behind the others"}`,
      );
    // A write there would change the namespace of a service account after its name was judged.
    const beside = fields.findIndex((field) =>
      identityPaths(field)
        .slice(1)
        .some((namespace) => meet(namespace, path)),
    );
    if (beside >= 0)
      refuse(`fields[${index}]`, `leads to the namespace of fields[${beside}], or through it; choose another place`);
  }
};

/**
 * Whether two paths can lead to the same place, or one of them through a place of the other. A path to any depth meets every path with the
 * same beginning that ends in its last key.
 */
const meet = (one: Path, other: Path): boolean => {
  const [step, ...rest] = one;
  const [beside, ...others] = other;
  if (step === undefined || beside === undefined) return true;
  if (step === "deep") return meet(rest, other) || (meet(one, others) && others.length > 0);
  if (beside === "deep") return meet(other, one);
  return (step === "each" || beside === "each" || step.key === beside.key) && meet(rest, others);
};

/** Whether a field can hold this name. Where the form leaves the namespace to the object, any namespace will do. */
const canHold = ({ serviceAccount: form }: FieldPlace, name: string): boolean => {
  if (form === undefined) return true;
  const isAccount = (each: string): boolean => serviceAccountOf(`system:serviceaccount:${each}`) !== undefined;
  const mayBeInFull = form === "namespace:name" || (typeof form === "object" && form.colon === true);
  return (mayBeInFull && isAccount(name)) || (form !== "namespace:name" && isAccount(`any:${name}`));
};

/** A target, and its place in messages. */
interface PlacedTarget {
  readonly place: string;
  readonly target: Target;
}

/** Checks the targets of a policy against each other. */
export function checkTargets(targets: readonly PlacedTarget[], refuse: Refuse): void {
  const covered = targets.flatMap(({ place, target }) =>
    target.resources.map((resource, at) => ({
      place: `${place}.resources[${at}]`,
      target,
      name: target.group === "" ? resource : `${resource}.${target.group}`,
    })),
  );
  for (const [index, { place, target, name }] of covered.entries()) {
    const other = covered.slice(0, index).find((one) => one.name === name && shareVersion(one.target, target));
    if (other) refuse(place, `"${name}" is covered by ${other.place} too; keep one`);
  }
  for (const { place, target } of targets)
    for (const [at, { copiesFrom }] of target.writers.entries()) {
      const sources = covered.filter((one) => one.target !== target || target.resources.length > 1);
      if (!sources.some(({ name }) => name === copiesFrom))
        refuse(
          `${place}.writers[${at}].copiesFrom`,
          `must be PLURAL.GROUP of another resource that a target covers, not "${copiesFrom}"; add a target for it`,
        );
    }
}

const shareVersion = ({ versions: one }: Target, { versions: other }: Target): boolean =>
  one.includes("*") || other.includes("*") || one.some((version) => other.includes(version));
