import type { Path } from "../policy/path.ts";
import type { Target } from "../policy/policy.ts";

/** One of a webhook's `matchConditions`: the webhook is called where all of them are true. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/*
 * Every expression here is total: no shape of object makes it fail, because a failing condition refuses the request. A part is only
 * touched behind a guard that says that it is there and what type it has. Where a guard does not hold, the call is kept.
 */

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

interface Access {
  /** CEL that is true where every parent is a map and the member is there. */
  readonly there: string;
  /** CEL that is true where it is certain that nothing is there. */
  readonly absent: string;
  readonly value: string;
}

/** How CEL gets at one place of `object` or `oldObject`; undefined for a path that walks a list, which no guard can make total. */
const accessOf = (root: string, path: Path): Access | undefined => {
  if (path.includes("each")) return undefined;
  return path.reduce<Access>(
    ({ there, absent, value }, step) => {
      const key = step === "each" ? "" : step.key;
      const plain = /^[A-Za-z_]\w*$/.test(key);
      const has = plain ? `has(${value}.${key})` : `${quote(key)} in ${value}`;
      const isMap = `type(${value}) == map`;
      return {
        there: [there, isMap, has].filter(Boolean).join(" && "),
        absent: absent ? `(${absent} || (${there} && ${isMap} && !(${has})))` : `!(${has})`,
        value: plain ? `${value}.${key}` : `${value}[${quote(key)}]`,
      };
    },
    { there: "", absent: "", value: root },
  );
};

/** Nothing changed that the rule looks at: point 6, as far as CEL can tell. Its numbers are no finer than a double's across types. */
const unchanged = (target: Target): string => {
  const metadata = target.fields.flatMap(({ path: [first, second] }) =>
    first !== "each" && first?.key === "metadata" && second !== undefined && second !== "each"
      ? [` && object.metadata.?${second.key} == oldObject.metadata.?${second.key}`]
      : [],
  );
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

/** Spares the validating call for a status write that leaves the paths alone that the controller acts on. */
export const statusConditions = (target: Target): readonly MatchCondition[] => {
  const same = target.statusPaths.map((path) => {
    const now = accessOf("object", path);
    const before = accessOf("oldObject", path);
    if (!now || !before) return "false";
    return `((${now.there} && ${before.there} && ${now.value} == ${before.value}) || (${now.absent} && ${before.absent}))`;
  });
  return [{ name: "status-changed", expression: `!(object != null && oldObject != null && ${same.join(" && ")})` }];
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
