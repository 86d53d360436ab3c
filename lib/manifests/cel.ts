import { namesOf, type Path } from "../policy/path.ts";
import { identityPaths, type Target } from "../policy/policy.ts";

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
export const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

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
export const accessTo = (root: string, names: readonly string[]): Access =>
  names.reduce<Access>(
    ({ there, absent, value }, name) => {
      const plain = isIdentifier(name);
      const has = plain ? `has(${value}.${name})` : `${quote(name)} in ${value}`;
      const isMap = `type(${value}) == map`;
      return {
        there: [there, isMap, has].filter(Boolean).join(" && "),
        absent: absent ? `(${absent} || (${there} && ${isMap} && !(${has})))` : `!(${has})`,
        value: plain ? `${value}.${name}` : `${value}[${quote(name)}]`,
      };
    },
    { there: "", absent: "", value: root },
  );

/** Undefined for a path that walks a list, which no guard can make total. */
const accessOf = (root: string, path: Path): Access | undefined => {
  const names = namesOf(path);
  return names && accessTo(root, names);
};

/** Where a path leads into the metadata, CEL that follows it for one step: there, the guards need no more. */
const partOfMetadata = ([first, second]: Path): readonly string[] => {
  if (typeof first !== "object" || first.key !== "metadata") return [];
  if (typeof second !== "object") return [""];
  return [isIdentifier(second.key) ? `.?${second.key}` : `[?${quote(second.key)}]`];
};

/** Nothing changed that the rule looks at: point 6, as far as CEL can tell. Its numbers are no finer than a double's across types. */
export const unchanged = (target: Target): string => {
  const parts = target.fields.flatMap(identityPaths).flatMap(partOfMetadata);
  const metadata = [...new Set(parts)].map((part) => ` && object.metadata${part} == oldObject.metadata${part}`);
  const apart = "k in ['metadata', 'status']";
  return (
    "request.operation == 'UPDATE' && object != null && oldObject != null" +
    ` && object.all(k, ${apart} || (k in oldObject && object[k] == oldObject[k]))` +
    ` && oldObject.all(k, ${apart} || k in object)${metadata.join("")}`
  );
};

/**
 * Spares the validating call where nothing changed. The API server counts `metadata.generation` up at every change outside metadata and
 * status before it validates, and it tells apart numbers that CEL does not.
 */
export const validateConditions = (target: Target): readonly MatchCondition[] => [
  {
    name: "changed",
    expression: `!(${unchanged(target)} && object.metadata.?generation == oldObject.metadata.?generation)`,
  },
];

/**
 * Spares the validating call for a status write that leaves the paths alone that the controller acts on. Only where they hold no numbers:
 * CEL takes some for equal that are not.
 */
export const statusConditions = (target: Target): readonly MatchCondition[] => {
  const same = target.statusPaths.map((path) => {
    const now = accessOf("object", path);
    const before = accessOf("oldObject", path);
    if (!now || !before) return "false";
    const equal = `${now.there} && ${before.there} && ${now.value} == ${before.value} && ${withoutNumbers(now.value)}`;
    return `((${equal}) || (${now.absent} && ${before.absent}))`;
  });
  return [{ name: "status-changed", expression: `!(object != null && oldObject != null && ${same.join(" && ")})` }];
};

/** A string, or a map of maps of strings, as lists of children are; of anything deeper it is not known. */
const withoutNumbers = (value: string): string => {
  const text = (of: string): string => `type(${of}) == string`;
  const inner = `${text(`${value}[k]`)} || (type(${value}[k]) == map && ${value}[k].all(j, ${text(`${value}[k][j]`)}))`;
  return `(${text(value)} || (type(${value}) == map && ${value}.all(k, ${inner})))`;
};

/**
 * Spares the mutating call where there is nothing to patch: nothing changed, or the field names the requester, or somebody whom the
 * API server itself says the requester may impersonate. The validating call is made all the same, and decides.
 */
export const mutateConditions = (target: Target, narrowing: readonly string[]): readonly MatchCondition[] => {
  const changed = { name: "changed", expression: `!(${unchanged(target)})` };
  const [field, ...more] = target.fields;
  const at = field && accessOf("object", field.path);
  // Several fields, and fields that are read in another way than as a username, are left to the function.
  if (!at || more.length > 0 || field.serviceAccount || target.permission) return [changed];
  const declared = `string(${at.value})`;
  const privileged = Object.keys(target.privileged);
  const plain = [
    `object != null && ${at.there} && type(${at.value}) == string && size(${declared}) < 512`,
    `${declared}.matches('^[!-~]([ -~]*[!-~])?$')`,
    ...(privileged.length > 0 ? [`!(${declared} in [${privileged.map(quote).join(", ")}])`] : []),
    ...narrowing.map((key) => `!(has(request.userInfo.extra) && ${quote(key)} in request.userInfo.extra)`),
  ].join(" && ");
  const prefix = "system:serviceaccount:";
  const part = (index: number): string => `${declared}.split(':')[${index}]`;
  return [
    changed,
    { name: "not-the-requester", expression: `!(${plain} && ${declared} == request.userInfo.username)` },
    {
      name: "not-a-permitted-user",
      expression:
        `!(${plain} && !${declared}.startsWith(${quote(prefix)})` +
        ` && authorizer.group('').resource('users').name(${declared}).check('impersonate').allowed())`,
    },
    {
      name: "not-a-permitted-serviceaccount",
      expression:
        `!(${plain} && ${declared}.startsWith(${quote(prefix)}) && ${declared}.split(':').size() == 4` +
        ` && !format.dns1123Label().validate(${part(2)}).hasValue() && !format.dns1123Subdomain().validate(${part(3)}).hasValue()` +
        ` && authorizer.group('').resource('serviceaccounts').namespace(${part(2)}).name(${part(3)}).check('impersonate').allowed())`,
    },
  ];
};
