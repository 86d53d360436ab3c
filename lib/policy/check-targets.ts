import { serviceAccountOf } from "../identity/service-account.ts";
import type { Path } from "./path.ts";
import { type Field, identityPaths, isInStatus, type Target } from "./policy.ts";
import type { TargetText } from "./policy-schema.ts";

/** Throws a PolicyError about the value at this place. */
type Refuse = (place: string, what: string) => never;

/** Checks the members of a target against each other, and fills in the defaults. */
export function checkedTarget({ emptyIsUnprivileged, ...entry }: TargetText, refuse: Refuse): Target {
  const { fields, emptyStandsFor, permission } = entry;
  const ofAccounts = areOfAccounts(fields, refuse);
  const inStatus = fields.some(isInStatus);
  checkPlaces(fields, refuse);
  const neverRequester = ofAccounts
    ? "a service-account field cannot be set to the requester"
    : permission
      ? "the identity of a field with a permission of its own lives elsewhere, and is never the requester"
      : inStatus
        ? "a field in the status cannot be set"
        : undefined;
  const instead = neverRequester === undefined ? "requester" : "deny";
  const { onForbidden = instead, onEmpty = emptyStandsFor === undefined ? instead : "stands" } = entry;
  const target: Target = { ...entry, onForbidden, onEmpty };
  if (neverRequester !== undefined && onForbidden === "requester")
    refuse("onForbidden", `must be "deny": ${neverRequester}`);
  if (neverRequester !== undefined && onEmpty === "requester")
    refuse(
      "onEmpty",
      `must be ${inStatus ? '"deny" or "allow"' : '"deny", "allow" or { default: NAME }'}, or absent beside emptyStandsFor: ${neverRequester}`,
    );
  if (onEmpty === "allow" && emptyIsUnprivileged !== true)
    refuse(
      "onEmpty",
      '"allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    );
  if (typeof onEmpty === "object") checkDefault(target, onEmpty.default, refuse);
  if (emptyStandsFor !== undefined) checkStandIn(target, emptyStandsFor, refuse);
  return target;
}

const checkDefault = ({ fields, privileged }: Target, name: string, refuse: Refuse): void => {
  if (fields.some(isInStatus))
    refuse(
      "onEmpty",
      'must be "deny" or "allow", or absent beside emptyStandsFor: a field in the status cannot be set',
    );
  if (Object.hasOwn(privileged, name))
    refuse("onEmpty.default", `"${name}" is a privileged value, which is never a default; choose another`);
  if (!fields.every((field) => canHold(field, name)))
    refuse("onEmpty.default", `"${name}" is not a service account's name in the form of every field; choose another`);
};

const checkStandIn = ({ privileged, onEmpty }: Target, name: string, refuse: Refuse): void => {
  if (onEmpty === "allow")
    refuse("emptyStandsFor", 'contradicts onEmpty: "allow", which gives an empty field no identity; keep one of them');
  if (Object.hasOwn(privileged, name))
    refuse("emptyStandsFor", `"${name}" is a privileged value; name the account that it stands for`);
};

/** Whether the fields name service accounts. One target may not have both kinds. */
const areOfAccounts = (fields: readonly Field[], refuse: Refuse): boolean => {
  const kinds = new Set(fields.map(({ serviceAccount }) => serviceAccount !== undefined));
  if (kinds.size > 1)
    refuse("fields", "must all name users or all name service accounts, because the rules differ; make two targets");
  return kinds.has(true);
};

const checkPlaces = (fields: readonly Field[], refuse: Refuse): void => {
  for (const [index, { path, serviceAccount }] of fields.entries()) {
    const last = path.at(-1);
    if (serviceAccount === undefined && typeof last === "object" && /serviceaccount(name)?$/i.test(last.key))
      refuse(
        `fields[${index}]`,
        `ends in ${last.key}, which names a service account; write { path: ..., serviceAccount: name }, or another form`,
      );
    const other = fields.findIndex((field, at) => at < index && meet(field.path, path));
    if (other >= 0) refuse(`fields[${index}]`, `leads to the same place as fields[${other}], or into it; keep one`);
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

/** Whether two paths can lead to the same place, or one of them through a place of the other. */
const meet = (one: Path, other: Path): boolean =>
  one.every((step, index) => {
    const beside = other[index];
    return beside === undefined || step === "each" || beside === "each" || step.key === beside.key;
  });

/** Whether a field can name this service account. The namespace may be that of the object. */
const canHold = ({ serviceAccount }: Field, name: string): boolean => {
  if (serviceAccount === undefined) return true;
  const whole = serviceAccount === "namespace:name" && name.includes(":") ? name : `any:${name}`;
  return serviceAccountOf(`system:serviceaccount:${whole}`) !== undefined;
};

/** Checks the targets of a policy against each other. */
export function checkTargets(targets: readonly Target[], refuse: Refuse): void {
  const covered = targets.flatMap((target, index) =>
    target.resources.map((resource, at) => ({
      place: `targets[${index}].resources[${at}]`,
      target,
      name: target.group === "" ? resource : `${resource}.${target.group}`,
    })),
  );
  for (const [index, { place, target, name }] of covered.entries()) {
    const other = covered.slice(0, index).find((one) => one.name === name && shareVersion(one.target, target));
    if (other) refuse(place, `"${name}" is covered by ${other.place} too; keep one`);
  }
  for (const [index, target] of targets.entries())
    for (const [at, { copiesFrom }] of target.writers.entries()) {
      const sources = covered.filter((one) => one.target !== target || target.resources.length > 1);
      if (!sources.some(({ name }) => name === copiesFrom))
        refuse(
          `targets[${index}].writers[${at}].copiesFrom`,
          `must be PLURAL.GROUP of another resource that a target covers, not "${copiesFrom}"; add a target for it`,
        );
    }
}

const shareVersion = ({ versions: one }: Target, { versions: other }: Target): boolean =>
  one.includes("*") || other.includes("*") || one.some((version) => other.includes(version));
