import { namesOf, type Path } from "../policy/path.ts";
import { identityPaths, isInMetadata, isInStatus, type Target } from "../policy/policy.ts";

/** One of a webhook's `matchConditions`. The webhook is called if all of them are true. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/*
 * Every expression here is total: it fails for no shape of object, because a failing condition refuses the request. A part is read only
 * behind a guard on its presence and its type. Where a guard does not hold, the webhook is called.
 */

/** A CEL string literal. */
export function celString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Whether CEL accepts a key behind a dot. */
function isIdentifier(key: string): boolean {
  return /^(?!(?:true|false|null|in)$)[A-Za-z_]\w*$/.test(key);
}

const label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const part = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${part}([.]${part})*`;
/** The same names. CEL's cost of a test grows with its length, and a list may hold thousands of names. */
const shortSubdomain = "[a-z0-9]+((-+|[.])[a-z0-9]+)*";

/**
 * CEL that is true for the username of a service account (see `serviceAccountOf`). Without the `format` library, which Kubernetes has from
 * 1.32 on.
 */
export function isServiceAccount(username: string): string {
  return `${username}.matches('^system:serviceaccount:${label}:${subdomain}$') && size(${username}.split(':')[3]) <= 253`;
}

/** CEL that is true for the name of a service account, without its namespace. */
export function isAccountName(name: string): string {
  return `size(${name}) <= 253 && ${name}.matches('^${shortSubdomain}$')`;
}

/** CEL about the member of a map: true where it exists, and its value. */
export function memberInCel(at: string, key: string): Pick<Access, "there" | "value"> {
  if (!isIdentifier(key)) return { there: `${celString(key)} in ${at}`, value: `${at}[${celString(key)}]` };
  const value = `${at}.${key}`;
  return { there: `has(${value})`, value };
}

/** CEL expressions about one place of an object. */
export interface Access {
  /** True where every parent is a map and the member exists. */
  readonly there: string;
  /** True where the member certainly does not exist. */
  readonly absent: string;
  readonly value: string;
}

/** The access to one place of `object` or `oldObject`. */
export function accessTo(root: string, names: readonly string[]): Access {
  return names.reduce<Access>(
    ({ there, absent, value: at }, name) => {
      const { there: has, value } = memberInCel(at, name);
      const isMap = `type(${at}) == map`;
      return {
        there: [there, isMap, has].filter(Boolean).join(" && "),
        absent: absent ? `(${absent} || (${there} && ${isMap} && !(${has})))` : `!(${has})`,
        value,
      };
    },
    { there: "", absent: "", value: root },
  );
}

/** Undefined for a path that walks a list or a map, because no guard makes that total. */
const accessOf = (root: string, path: Path): Access | undefined => {
  const names = namesOf(path);
  return names && accessTo(root, names);
};

/*
 * The API server's time for a walk over a map grows with the square of the map's size: 5 seconds for 20,000 members (cel-go's cost tracker).
 * So every walk is behind a limit on the size of its map. Beyond that size the webhook is called.
 */
const mostMembers = 64;
const mostChildren = 256;
const mostOfAChild = 16;
/** Of a list or a map that a field's path walks. */
export const mostWalked = 512;

/** A list of CEL strings. */
export function listOf(texts: readonly string[]): string {
  return `[${texts.map(celString).join(", ")}]`;
}

/**
 * Both objects are equal outside some top-level members. Across types, CEL compares numbers as doubles.
 *
 * @param beyond the CEL result for an object with more members than the limit
 */
const equalOutside = (members: readonly string[], beyond: string): string => {
  const apart = `k in ${listOf(members)}`;
  return (
    "object != null && oldObject != null" +
    ` && (size(object) <= ${mostMembers} && size(oldObject) <= ${mostMembers}` +
    ` ? object.all(k, ${apart} || (k in oldObject && object[k] == oldObject[k])) && oldObject.all(k, ${apart} || k in object)` +
    ` : ${beyond})`
  );
};

/** The identities in the metadata of both objects are equal. */
const equalMetadata = ({ fields }: Target): string =>
  fields
    .filter(isInMetadata)
    .flatMap(identityPaths)
    .map((path) => ` && ${sameAt(path) ?? equalPart(path)}`)
    .join("");

/** The part of the metadata that a path walks is equal in both objects. */
const equalPart = ([, part]: Path): string => {
  const step = typeof part !== "object" ? "" : isIdentifier(part.key) ? `.?${part.key}` : `[?${celString(part.key)}]`;
  return `object.metadata${step} == oldObject.metadata${step}`;
};

/**
 * Rule `change`, as far as CEL can tell: no part that mutate reads has changed.
 *
 * @param beyond the result where CEL cannot tell
 */
export function unchangedForMutate(target: Target, beyond: boolean): string {
  return `request.operation == 'UPDATE' && ${equalOutside(["metadata", "status"], String(beyond))}${equalMetadata(target)}`;
}

/**
 * No part that validate reads has changed. A custom resource may have any number of members, and numbers of any type. The API server
 * increments its `metadata.generation` at every change outside the metadata (`k8s.io/apiextensions-apiserver`
 * pkg/registry/customresource/strategy.go), and distinguishes numbers that CEL takes for equal. A group without a dot is built in: each of
 * its numbers has one type, and an annotation may increment the generation, as in a Deployment.
 */
const unchangedForValidate = (target: Target): string => {
  const isCustom = target.group.includes(".");
  const beyond = isCustom ? "has(object.metadata.generation)" : "false";
  const sameGeneration = isCustom ? " && object.metadata.?generation == oldObject.metadata.?generation" : "";
  return `request.operation == 'UPDATE' && ${equalOutside(["metadata"], beyond)}${equalMetadata(target)}${sameGeneration}`;
};

/** The requester is a status writer of the target; empty for a target without status writers. */
const byStatusWriter = ({ statusWriters }: Target): readonly string[] =>
  statusWriters.length > 0 ? [`request.userInfo.username in ${listOf(statusWriters)}`] : [];

/** Spares the validating call where no judged part changed, or a status writer changed only the status. */
export function validateConditions(target: Target): readonly MatchCondition[] {
  return [
    { name: "changed", expression: `!(${unchangedForValidate(target)})` },
    ...byStatusWriter(target).map((isWriter) => ({
      name: "not-by-a-status-writer",
      expression: `!(${isWriter} && ${unchangedForMutate(target, false)})`,
    })),
  ];
}

/** Spares the validating call for a status write that changes no judged part, or comes from a status writer. */
export function statusConditions(target: Target): readonly MatchCondition[] {
  const paths = [...target.statusPaths, ...target.fields.filter(isInStatus).flatMap(identityPaths)];
  return [
    { name: "status-changed", expression: `!(${allSame(paths)})` },
    ...byStatusWriter(target).map((isWriter) => ({ name: "not-by-a-status-writer", expression: `!(${isWriter})` })),
  ];
}

/**
 * Spares the validating call for a write of a subresource that does not change the identities in the metadata. Rules for `PLURAL/*` match
 * the resource itself too, which another webhook covers. A created object, such as a Binding, has no old object.
 */
export function subresourceConditions(target: Target): readonly MatchCondition[] {
  const paths = target.fields.filter(isInMetadata).flatMap(identityPaths);
  const carriesNone = paths.map((path) => accessOf("object", path)?.absent ?? "false").join(" && ");
  return [
    {
      name: "of-a-subresource",
      expression: `(has(request.subResource) && request.subResource != '')${coversPods(target) ? " || request.resource.resource == 'bindings'" : ""}`,
    },
    {
      name: "metadata-changed",
      expression: `!(oldObject == null ? (object != null && ${carriesNone}) : (${allSame(paths)}))`,
    },
  ];
}

/** The core resource `bindings` is another name of `pods/binding`. */
export function coversPods({ group, resources }: Target): boolean {
  return group === "" && resources.includes("pods");
}

/** The values at the paths are unchanged and hold no numbers, because CEL takes some different numbers for equal. */
const allSame = (paths: readonly Path[]): string =>
  ["object != null && oldObject != null", ...paths.map((path) => sameAt(path) ?? "false")].join(" && ");

/** The value at a path is unchanged; undefined for a path that walks a list or a map. */
const sameAt = (path: Path): string | undefined => {
  const [now, before] = [accessOf("object", path), accessOf("oldObject", path)];
  if (!now || !before) return undefined;
  const equal = `${now.there} && ${before.there} && ${now.value} == ${before.value} && ${withoutNumbers(now.value)}`;
  return `((${equal}) || (${now.absent} && ${before.absent}))`;
};

/** The value is a string, or a map of strings and of maps of strings (as `status.children` is) within the limits. */
const withoutNumbers = (value: string): string => {
  const text = (of: string): string => `type(${of}) == string`;
  const texts = `type(${value}[k]) == map && size(${value}[k]) <= ${mostOfAChild} && ${value}[k].all(j, ${text(`${value}[k][j]`)})`;
  const inner = `${text(`${value}[k]`)} || (${texts})`;
  return `(${text(value)} || (type(${value}) == map && size(${value}) <= ${mostChildren} && ${value}.all(k, ${inner})))`;
};

/**
 * Spares the mutating call where no patch is needed: no judged part changed, or the field names the requester, or an identity that the
 * requester may impersonate by the API server's own answer. The validating call is made nevertheless, and decides.
 */
export function mutateConditions(target: Target, narrowing: readonly string[]): readonly MatchCondition[] {
  const changed = { name: "changed", expression: `!(${unchangedForMutate(target, false)})` };
  const [field, ...more] = target.fields;
  const at = field && accessOf("object", field.path);
  // Several fields, and fields that are read in another way than as a username, are left to the function.
  const isPlain = field?.names === "username" && field.permission === undefined && field.whenSet.length === 0;
  if (!at || !isPlain || more.length > 0) return [changed];
  const declared = `string(${at.value})`;
  const privileged = Object.keys(field.privileged);
  const plain = [
    `object != null && ${at.there} && type(${at.value}) == string && size(${declared}) < 512`,
    `${declared}.matches('^[!-~]([ -~]*[!-~])?$')`,
    ...(privileged.length > 0 ? [`!(${declared} in ${listOf(privileged)})`] : []),
    ...narrowing.map((key) => `!(has(request.userInfo.extra) && ${celString(key)} in request.userInfo.extra)`),
  ].join(" && ");
  const prefix = "system:serviceaccount:";
  const partAt = (index: number): string => `${declared}.split(':')[${index}]`;
  return [
    changed,
    { name: "not-the-requester", expression: `!(${plain} && ${declared} == request.userInfo.username)` },
    {
      name: "not-a-permitted-user",
      expression:
        `!(${plain} && !${declared}.startsWith(${celString(prefix)})` +
        ` && authorizer.group('').resource('users').name(${declared}).check('impersonate').allowed())`,
    },
    {
      name: "not-a-permitted-serviceaccount",
      expression:
        `!(${plain} && ${isServiceAccount(declared)}` +
        ` && authorizer.group('').resource('serviceaccounts').namespace(${partAt(2)}).name(${partAt(3)}).check('impersonate').allowed())`,
    },
  ];
}
