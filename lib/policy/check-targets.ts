import { serviceAccountOf } from "../identity/service-account.ts";
import type { Path } from "./path.ts";
import { type Field, identityPaths, type Target } from "./policy.ts";
import type { TargetText } from "./policy-schema.ts";

/** Throws: what stands at this place is refused. */
type Refuse = (place: string, what: string) => never;

/** Checks what the members of a target say together, and fills in what it does not say. */
export const checkedTarget = ({ emptyIsUnprivileged, ...entry }: TargetText, refuse: Refuse): Target => {
  const { fields, privileged } = entry;
  const ofAccounts = areOfAccounts(fields, refuse);
  checkPlaces(fields, refuse);
  const instead = ofAccounts ? "deny" : "requester";
  const { onForbidden = instead, onEmpty = instead } = entry;
  if (ofAccounts && onForbidden === "requester")
    refuse("onForbidden", 'must be "deny": a service-account field cannot be set to the requester');
  if (ofAccounts && onEmpty === "requester")
    refuse(
      "onEmpty",
      'must be "deny", "allow" or { default: NAME }: a service-account field cannot be set to the requester',
    );
  if (onEmpty === "allow" && emptyIsUnprivileged !== true)
    refuse(
      "onEmpty",
      '"allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    );
  if (typeof onEmpty === "object") {
    const { default: name } = onEmpty;
    if (Object.hasOwn(privileged, name))
      refuse("onEmpty.default", `"${name}" is a privileged value, which is never a default; choose another`);
    if (!fields.every((field) => canHold(field, name)))
      refuse("onEmpty.default", `"${name}" is no service account's name in the form of every field; choose another`);
  }
  return { ...entry, onForbidden, onEmpty };
};

/** Whether the fields name service accounts; users and service accounts do not mix. */
const areOfAccounts = (fields: readonly Field[], refuse: Refuse): boolean => {
  const kinds = new Set(fields.map(({ serviceAccount }) => serviceAccount !== undefined));
  if (kinds.size > 1)
    refuse("fields", "must all name users or all name service accounts, because the rules differ; make two targets");
  return kinds.has(true);
};

const checkPlaces = (fields: readonly Field[], refuse: Refuse): void => {
  for (const [index, { path }] of fields.entries()) {
    const other = fields.findIndex((field, at) => at < index && meet(field.path, path));
    if (other >= 0) refuse(`fields[${index}]`, `leads to the same place as fields[${other}], or into it; keep one`);
    // Writing it would turn the name beside that namespace into another account, after the name was judged.
    const beside = fields.findIndex((field) =>
      identityPaths(field)
        .slice(1)
        .some((namespace) => meet(namespace, path)),
    );
    if (beside >= 0)
      refuse(`fields[${index}]`, `leads to the namespace of fields[${beside}], or through it; choose another place`);
  }
};

/** Whether two paths can lead to one place, or one of them through the other's. */
const meet = (one: Path, other: Path): boolean =>
  one.every((step, index) => {
    const beside = other[index];
    return beside === undefined || step === "each" || beside === "each" || step.key === beside.key;
  });

/** Whether a field can name this service account; the namespace may be the object's. */
const canHold = ({ serviceAccount }: Field, name: string): boolean => {
  if (serviceAccount === undefined) return true;
  const whole = serviceAccount === "namespace:name" && name.includes(":") ? name : `any:${name}`;
  return serviceAccountOf(`system:serviceaccount:${whole}`) !== undefined;
};

/** Checks what the targets of a policy say together. */
export const checkTargets = (targets: readonly Target[], refuse: Refuse): void => {
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
};

const shareVersion = ({ versions: one }: Target, { versions: other }: Target): boolean =>
  one.includes("*") || other.includes("*") || one.some((version) => other.includes(version));
