import { namesOf, type Path } from "../policy/path.ts";
import { identityPaths, isInMetadata, isInStatus, type Target } from "../policy/policy.ts";

/** One of a webhook's `matchConditions`: the webhook is called where all of them are true. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/*
 * Every expression here is total: no shape of object makes it fail, because a failing condition refuses the request. A part is only
 * touched behind a guard that says that it is there and what type it has. Where a guard does not hold, the call is kept.
 */

/** A CEL string literal. */
export function celString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Whether CEL takes it behind a dot. */
const isIdentifier = (key: string): boolean => /^(?!(?:true|false|null|in)$)[A-Za-z_]\w*$/.test(key);

/** How CEL gets at one place of an object. */
export interface Access {
  /** CEL that is true where every parent is a map and the member is there. */
  readonly there: string;
  /** CEL that is true where it is certain that nothing is there. */
  readonly absent: string;
  readonly value: string;
}

/** The way to one place of `object` or `oldObject`. */
export function accessTo(root: string, names: readonly string[]): Access {
  return names.reduce<Access>(
    ({ there, absent, value }, name) => {
      const plain = isIdentifier(name);
      const has = plain ? `has(${value}.${name})` : `${celString(name)} in ${value}`;
      const isMap = `type(${value}) == map`;
      return {
        there: [there, isMap, has].filter(Boolean).join(" && "),
        absent: absent ? `(${absent} || (${there} && ${isMap} && !(${has})))` : `!(${has})`,
        value: plain ? `${value}.${name}` : `${value}[${celString(name)}]`,
      };
    },
    { there: "", absent: "", value: root },
  );
}

/** Undefined for a path that walks a list, which no guard can make total. */
const accessOf = (root: string, path: Path): Access | undefined => {
  const names = namesOf(path);
  return names && accessTo(root, names);
};

/*
 * A walk over a map takes the API server a time that grows with the square of the map's size: 5 seconds for 20,000 members (cel-go's cost
 * tracker). So every walk is behind a limit on what it walks. Beyond it the call is made.
 */
const mostMembers = 64;
const mostChildren = 256;
const mostOfAChild = 16;

/** A list of CEL strings. */
export function listOf(texts: readonly string[]): string {
  return `[${texts.map(celString).join(", ")}]`;
}

/**
 * Equal outside some top-level members. CEL's numbers are no finer than a double's across types.
 *
 * @param beyond CEL that says it of an object with more members than can be walked
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

/** Equal in the identities that lie in the metadata. */
const equalMetadata = ({ fields }: Target): string =>
  fields
    .filter(isInMetadata)
    .flatMap(identityPaths)
    .map((path) => ` && ${sameAt(path) ?? equalPart(path)}`)
    .join("");

/** Equal in the part of the metadata that a path walks. */
const equalPart = ([, part]: Path): string => {
  const step = typeof part !== "object" ? "" : isIdentifier(part.key) ? `.?${part.key}` : `[?${celString(part.key)}]`;
  return `object.metadata${step} == oldObject.metadata${step}`;
};

/**
 * Nothing changed that mutate looks at: rule `change`, as far as CEL can tell.
 *
 * @param beyond what is taken for so where it cannot tell
 */
export function unchangedForMutate(target: Target, beyond: boolean): string {
  return `request.operation == 'UPDATE' && ${equalOutside(["metadata", "status"], String(beyond))}${equalMetadata(target)}`;
}

/**
 * Nothing changed that validate looks at. Of a custom resource, which may have any number of members, and numbers of any type, the API
 * server counts `metadata.generation` up at every change outside the metadata (`k8s.io/apiextensions-apiserver`
 * pkg/registry/customresource/strategy.go), and tells apart numbers that CEL does not. A group without a dot is built in: its numbers have
 * one type, and an annotation counts the generation of a Deployment up.
 */
const unchangedForValidate = (target: Target): string => {
  const isCustom = target.group.includes(".");
  const beyond = isCustom ? "has(object.metadata.generation)" : "false";
  const sameGeneration = isCustom ? " && object.metadata.?generation == oldObject.metadata.?generation" : "";
  return `request.operation == 'UPDATE' && ${equalOutside(["metadata"], beyond)}${equalMetadata(target)}${sameGeneration}`;
};

/** Whether the requester is a controller whose writes of the status are its own business; nothing where there are none. */
const byStatusWriter = ({ statusWriters }: Target): readonly string[] =>
  statusWriters.length > 0 ? [`request.userInfo.username in ${listOf(statusWriters)}`] : [];

/** Spares the validating call where nothing changed, or a controller wrote the status and nothing else. */
export function validateConditions(target: Target): readonly MatchCondition[] {
  return [
    { name: "changed", expression: `!(${unchangedForValidate(target)})` },
    ...byStatusWriter(target).map((isWriter) => ({
      name: "not-by-a-status-writer",
      expression: `!(${isWriter} && ${unchangedForMutate(target, false)})`,
    })),
  ];
}

/** Spares the validating call for a status write that leaves alone what counts there, or is a controller's own. */
export function statusConditions(target: Target): readonly MatchCondition[] {
  const paths = [...target.statusPaths, ...target.fields.filter(isInStatus).flatMap(identityPaths)];
  return [
    { name: "status-changed", expression: `!(${allSame(paths)})` },
    ...byStatusWriter(target).map((isWriter) => ({ name: "not-by-a-status-writer", expression: `!(${isWriter})` })),
  ];
}

/**
 * Spares the validating call for a write of a subresource that leaves the identities in the metadata alone. Rules for `PLURAL/*` match the
 * resource itself too, which has a call of its own. An object that is created, such as a Binding, has no old one.
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

/** What stands at the paths is as it was. Only where it holds no numbers: CEL takes some for equal that are not. */
const allSame = (paths: readonly Path[]): string =>
  ["object != null && oldObject != null", ...paths.map((path) => sameAt(path) ?? "false")].join(" && ");

/** What stands at a path is as it was; undefined for a path that walks. */
const sameAt = (path: Path): string | undefined => {
  const [now, before] = [accessOf("object", path), accessOf("oldObject", path)];
  if (!now || !before) return undefined;
  const equal = `${now.there} && ${before.there} && ${now.value} == ${before.value} && ${withoutNumbers(now.value)}`;
  return `((${equal}) || (${now.absent} && ${before.absent}))`;
};

/** A string, or a map of maps of strings, as lists of children are, and not too many; of anything else it is not known. */
const withoutNumbers = (value: string): string => {
  const text = (of: string): string => `type(${of}) == string`;
  const texts = `type(${value}[k]) == map && size(${value}[k]) <= ${mostOfAChild} && ${value}[k].all(j, ${text(`${value}[k][j]`)})`;
  const inner = `${text(`${value}[k]`)} || (${texts})`;
  return `(${text(value)} || (type(${value}) == map && size(${value}) <= ${mostChildren} && ${value}.all(k, ${inner})))`;
};

/**
 * Spares the mutating call where there is nothing to patch: nothing changed, or the field names the requester, or somebody whom the
 * API server itself says the requester may impersonate. The validating call is made all the same, and decides.
 */
export function mutateConditions(target: Target, narrowing: readonly string[]): readonly MatchCondition[] {
  const changed = { name: "changed", expression: `!(${unchangedForMutate(target, false)})` };
  const [field, ...more] = target.fields;
  const at = field && accessOf("object", field.path);
  // Several fields, and fields that are read in another way than as a username, are left to the function.
  if (!at || more.length > 0 || field.serviceAccount || target.permission) return [changed];
  const declared = `string(${at.value})`;
  const privileged = Object.keys(target.privileged);
  const plain = [
    `object != null && ${at.there} && type(${at.value}) == string && size(${declared}) < 512`,
    `${declared}.matches('^[!-~]([ -~]*[!-~])?$')`,
    ...(privileged.length > 0 ? [`!(${declared} in ${listOf(privileged)})`] : []),
    ...narrowing.map((key) => `!(has(request.userInfo.extra) && ${celString(key)} in request.userInfo.extra)`),
  ].join(" && ");
  const prefix = "system:serviceaccount:";
  const part = (index: number): string => `${declared}.split(':')[${index}]`;
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
        `!(${plain} && ${declared}.startsWith(${celString(prefix)}) && ${declared}.split(':').size() == 4` +
        ` && !format.dns1123Label().validate(${part(2)}).hasValue() && !format.dns1123Subdomain().validate(${part(3)}).hasValue()` +
        ` && authorizer.group('').resource('serviceaccounts').namespace(${part(2)}).name(${part(3)}).check('impersonate').allowed())`,
    },
  ];
}
