import { longestName } from "../identity/header-safe.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import { formatPath, namesOf, type Path, type Step } from "../policy/path.ts";
import type { Field, FieldRule, Permission, Policy, Target } from "../policy/policy.ts";
import { accessTo, celString, isAccountName, isServiceAccount, listOf, memberInCel, mostWalked } from "./cel.ts";

/*
 * CEL has neither recursion nor an accumulator, and one expression may ask an authorizer twice. So the fields become one CEL text, which
 * holds an item for each question that a field needs, and for each fault. The policies then take the questions out of that text, one by
 * one (`ask-in-cel.ts`). An item is a line between two line breaks. No question holds a line break or a tab, because only header-safe names
 * are asked about.
 *
 * A walk over a list of lists takes most of the time of a policy, so fields whose paths share it share the walk. A tag before the items of
 * each field says which field they are of.
 */

/** A value in CEL that is known to exist, and the object or list that holds it. */
interface Value {
  readonly at: string;
  readonly parent: string;
}

/** A CEL variable of an admission policy. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** The object that the fields are read from, and whether the controller acts on a written status by its identity. */
export interface Reading {
  readonly root: "object" | "oldObject";
  readonly actedOn: boolean;
}

/** What is wrong with a place, so that no question can be asked. */
export type Fault = "type" | "name" | "account" | "empty" | "depth" | "size";

/** The item of a fault, in CEL. */
export function faultItem(fault: Fault): string {
  return `'\\n!${fault}\\n'`;
}

/** The item before the question of an empty field: the question is about the identity that the field stands for. */
export const emptyItem = "'\\n~\\n'";

/** A question in CEL: what it is about, a tab, and a name. */
const question = (about: QuestionKind, name: string): string => `'\\n${about}\\t' + ${name} + '\\n'`;

/** The permissions of all rules of a target that are asked for instead of `impersonate`. */
export function permissionsOf({ fields }: Pick<Target, "fields">): readonly Permission[] {
  const all = fields.flatMap((field) => [field, ...field.whenSet]).flatMap(({ permission }) => permission ?? []);
  return all.filter((one, index) => all.findIndex((other) => isSamePermission(one, other)) === index);
}

const isSamePermission = (one: Permission, other: Permission): boolean =>
  one.verb === other.verb && one.group === other.group && one.resource === other.resource;

/** One field among the judged fields of a target. */
export interface GatheredField {
  readonly policy: Policy;
  readonly target: Target;
  readonly field: Field;
  /** The number in the names of the field's variables. */
  readonly index: number;
  readonly reading: Reading;
}

/** The tag before the items of a field, in CEL. */
export function tagOf({ index }: GatheredField): string {
  return `'${tagStart}${index}'`;
}

/** No item starts so. */
export const tagStart = "\\n#";

/**
 * Groups of fields whose paths share a beginning with `[*]` and the step behind it. Every other field is alone. A walk that reads one member
 * of each item costs little, and one walk for all members would be one expression, whose cost is limited.
 */
export function sharingWalks(fields: readonly GatheredField[]): readonly WalkedFields[] {
  const groups = Map.groupBy(fields, ({ field: { path }, index }) =>
    path.includes("each") ? formatPath(path.slice(0, path.indexOf("each") + 2)) : index,
  );
  return [...groups.values()].map(([first, ...others]) => [first as GatheredField, ...others]);
}

/** Fields that one walk finds. */
export type WalkedFields = readonly [GatheredField, ...GatheredField[]];

/** The name of the variable with the items of these fields. */
export function asksOf([{ index }]: WalkedFields): string {
  return `asks${index}`;
}

/** The variables of fields that one walk finds. The last one is `asks`, the text with their items, which have tags if the fields are several. */
export function questionVariables(fields: WalkedFields): readonly Variable[] {
  const [{ reading }] = fields;
  const ways = fields.map((gathered) => ({
    gathered,
    path: gathered.field.path,
    tag: fields.length > 1 ? `${tagOf(gathered)} + ` : "",
  }));
  return [
    ...fields.flatMap(({ field, index }) =>
      field.whenSet.map(({ path }, at) => ({
        name: `set${index}_${at}`,
        expression: isSet(reading.root, namesOf(path) ?? []),
      })),
    ),
    ...fields.map((gathered) => ({ name: `empty${gathered.index}`, expression: emptyText(gathered) })),
    { name: asksOf(fields), expression: walk(ways, { at: reading.root, parent: "" }, 0) },
  ];
}

/** An expression for each rule of a field, of which the first counts whose condition holds. */
export function byRule({ field, index }: GatheredField, expression: (rule: FieldRule) => string): string {
  const usual = expression(field);
  const others = field.whenSet.map((rule, at) => ({
    condition: `variables.set${index}_${at}`,
    chosen: expression(rule),
  }));
  if (others.every(({ chosen }) => chosen === usual)) return usual;
  return `(${others.map(({ condition, chosen }) => `${condition} ? ${chosen} : `).join("")}${usual})`;
}

/** CEL that is true where the value is neither absent nor null, "", {}, [] or false. */
const isSet = (root: string, names: readonly string[]): string => {
  const { there, value } = accessTo(root, names);
  const isEmpty = `(type(${value}) == map || type(${value}) == list) && size(${value}) == 0`;
  return `${there} && !(${value} == null || ${value} == '' || ${value} == false || (${isEmpty}))`;
};

/** A field, and the part of its path that is still to be followed. */
interface Way {
  readonly gathered: GatheredField;
  readonly path: Path;
  /** What stands before the field's items in CEL; empty for a field that has a walk of its own. */
  readonly tag: string;
}

type Ways = readonly Way[];

/** The items of every place that the ways lead to, in CEL. */
const walk = (ways: Ways, value: Value, depth: number): string => {
  const next = (step: Step): Ways => ways.filter(({ path }) => path[0] === step).map(follow);
  const [[deep], each] = [next("deep"), next("each")];
  return joined([
    ...ways.flatMap(({ gathered, path, tag }) => (path.length === 0 ? [tag + itemsAt(gathered, value)] : [])),
    // Nothing may lie there, so the first field speaks for all of them.
    ...(deep ? [deep.tag + depthItems(value)] : []),
    ...(each.length > 0 ? [walkEach(each, value, depth)] : []),
    ...(keysOf(ways).length > 0 ? [walkMembers(ways, value, depth)] : []),
  ]);
};

const follow = (way: Way): Way => ({ ...way, path: way.path.slice(1) });

/** The different keys of the ways' next steps. */
const keysOf = (ways: Ways): readonly string[] => [
  ...new Set(ways.flatMap(({ path: [step] }) => (typeof step === "object" ? [step.key] : []))),
];

const joined = (texts: readonly string[]): string => texts.join(" + ") || "''";

const walkMembers = (all: Ways, value: Value, depth: number): string => {
  const ways = all.filter(({ path: [step] }) => typeof step === "object");
  const there = keysOf(ways).map((key) => {
    const below = ways.filter(({ path: [step] }) => typeof step === "object" && step.key === key);
    const { there, value: at } = memberInCel(value.at, key);
    return `(${there} ? ${walk(below.map(follow), { at, parent: value.at }, depth)} : ${absentItems(below)})`;
  });
  // The object itself is always a map.
  if (value.parent === "") return joined(there);
  return `(type(${value.at}) == map ? ${joined(there)} : ${value.at} == null ? ${absentItems(ways)} : ${blockedItems(ways, value)})`;
};

/** @param isTested whether {@link mayFind} has tested the items of this list, as a part of an outer one */
const walkEach = (ways: Ways, { at }: Value, depth: number, isTested = false): string => {
  const item = `x${depth}`;
  const [{ tag }] = ways as [Way];
  const isMap = `type(${at}) == map`;
  const items = `(${isMap} ? ${at}.map(k, ${at}[k]) : ${at})`;
  const found = isTested || ways.length === 1 ? undefined : mayFind(ways, item, depth);
  const value = { at: item, parent: at };
  const inner = ways.every(isEach)
    ? walkEach(ways.map(follow), value, depth + 1, found !== undefined)
    : walk(ways, value, depth + 1);
  return (
    `(type(${at}) == list || ${isMap} ? (size(${at}) > ${mostWalked} ? ${tag}${faultItem("size")}` +
    ` : ${items}${found ? `.filter(${item}, ${found})` : ""}.map(${item}, ${inner}).join(''))` +
    ` : ${at} == null ? '' : ${blockedItems(ways, { at })})`
  );
};

const isEach = ({ path: [step] }: Way): boolean => step === "each";

/**
 * CEL that is false only for a value in which none of the ways finds an item. Most items of a list have none, and the test costs less than
 * the ways. Undefined if there is no such test.
 */
const mayFind = (ways: Ways, at: string, depth: number): string | undefined => {
  if (ways.every(isEach)) {
    const item = `x${depth + 1}`;
    const inner = mayFind(ways.map(follow), item, depth + 1);
    return inner && `type(${at}) != list || size(${at}) > ${mostWalked} || ${at}.exists(${item}, ${inner})`;
  }
  if (absentItems(ways) !== "''" || !ways.every(({ path: [step] }) => typeof step === "object")) return undefined;
  return [`type(${at}) != map`, ...keysOf(ways).map((key) => memberInCel(at, key).there)].join(" || ");
};

/** The items of fields whose places do not exist. A path that still has a walk leads to no place then, any other one to an empty place. */
const absentItems = (ways: Ways): string =>
  joined(
    ways.flatMap(({ gathered, path, tag }) => {
      const isNowhere = namesOf(path) === undefined || gathered.field.names === "anything";
      return isNowhere || emptyText(gathered) === "''" ? [] : [`${tag}variables.empty${gathered.index}`];
    }),
  );

/** The fault of a parent that is a value of another type. One field speaks for all of them. */
const blockedItems = (ways: Ways, { at }: Pick<Value, "at">): string => {
  const named = ways.find(({ gathered }) => gathered.field.names !== "anything");
  if (named) return named.tag + faultItem("type");
  return `(${at} == '' ? '' : ${(ways as [Way])[0].tag}${faultItem("type")})`;
};

/** What lies at any depth cannot be found in CEL, so nothing may lie there. */
const depthItems = ({ at }: Value): string =>
  `((type(${at}) == map || type(${at}) == list) && size(${at}) > 0 ? ${faultItem("depth")} : '')`;

const itemsAt = (gathered: GatheredField, value: Value): string => {
  const { field, index } = gathered;
  const { at } = value;
  if (field.names === "anything")
    return `(${at} == null || ${at} == '' ? '' : ${byRule(gathered, (rule) => unreadItems(gathered, rule))})`;
  const one = (name: string): string =>
    `(type(${name}) == string && ${name} != '' ? ${namedItems(gathered, `string(${name})`, value)}` +
    ` : ${name} == null || ${name} == '' ? variables.empty${index} : ${faultItem("type")})`;
  if (field.names === "username" || field.names === "serviceAccount") return one(at);
  const elements = `type(${at}) != list ? [${at}] : size(${at}) == 0 ? [dyn('')] : ${at}`;
  return `(${elements}).map(g, ${one("g")}).join('')`;
};

/** The question of a value that is not read. */
const unreadItems = (gathered: GatheredField, rule: FieldRule): string => {
  const { standsFor } = gathered.field;
  return standsFor === undefined
    ? asked(gathered, rule, "''")
    : `(${ownOrAsked(gathered, rule, celString(standsFor))})`;
};

/** The items of a name, in the order of the rule: whether it is one, then values that need no permission, then the questions. */
const namedItems = (gathered: GatheredField, name: string, value: Value): string => {
  const judged = (identity: string): string => byRule(gathered, (rule) => judgedItems(gathered, rule, "t", identity));
  return `[${name}].map(t, ${identityItems(gathered, value, judged)})[0]`;
};

/** The cheapest test for each form, because a list may hold thousands of names. The name of a service account is always header-safe. */
const identityItems = (gathered: GatheredField, value: Value, judged: (identity: string) => string): string => {
  const form = gathered.field.serviceAccount;
  if (form === undefined) return `!(${isSafeName("t")}) ? ${faultItem("name")} : ${judged("t")}`;
  return form === "name"
    ? `variables.ownNamespace == '' || !(${isAccountName("t")}) ? ${faultItem("account")} : ${judged("variables.ownAccounts + t")}`
    : `[${usernameIn(gathered, value)}].map(u, !(${isServiceAccount("u")}) ? ${faultItem("account")} : ${judged("u")})[0]`;
};

const prefix = "'system:serviceaccount:'";

/** The username of the service account that the text `t` means. Where it means none, the result is not a service account's name. */
const usernameIn = ({ field, reading }: GatheredField, { parent }: Value): string => {
  const { serviceAccount: form, path } = field;
  if (typeof form !== "object") return `${prefix} + t`;
  // The parents of a field that lies at one place may be absent where a default is judged.
  const above = namesOf(path.slice(0, -1));
  const namespace =
    "namespaceAt" in form
      ? namespaceIn(reading.root, namesOf(form.namespaceAt) ?? [], form)
      : above
        ? namespaceIn(reading.root, [...above, form.namespaceKey], form)
        : namespaceIn(parent, [form.namespaceKey], form);
  const besides = `${prefix} + ${namespace} + ':' + t`;
  return form.colon ? `(t.contains(':') ? ${prefix} + t : ${besides})` : besides;
};

/** The namespace that stands at another place. The result is empty, which is never valid, where that holds another type than a string. */
const namespaceIn = (at: string, names: readonly string[], form: { readonly required?: true }): string => {
  const own = form.required ? "''" : "variables.ownNamespace";
  const [name, ...rest] = names;
  const text = `type(${at}) == string ? string(${at}) : ''`;
  if (name === undefined) return `(${at} == null || ${at} == '' ? ${own} : ${text})`;
  const { there, value } = accessTo(at, [name]);
  return `(${at} == null ? ${own} : type(${at}) != map ? '' : ${there} ? ${namespaceIn(value, rest, form)} : ${own})`;
};

/** CEL that is true for a name that a header can carry. */
export function isSafeName(name: string): string {
  return `size(${name}) <= ${longestName} && ${name}.matches('^[!-~]([ -~]*[!-~])?$')`;
}

/**
 * The questions of a valid name.
 *
 * @param text the text in the field
 * @param identity the identity that it means
 */
const judgedItems = (gathered: GatheredField, rule: FieldRule, text: string, identity: string): string => {
  const values = Object.entries(rule.privileged);
  const standsFor = `{${values.map(([value, of]) => `${celString(value)}: ${celString(of)}`).join(", ")}}[${text}]`;
  const both = `${asked(gathered, rule, identity)} + ${asked(gathered, rule, standsFor)}`;
  return `(${[
    ...(rule.unprivileged.length > 0 ? [`${text} in ${listOf(rule.unprivileged)} ? '' : `] : []),
    ...(values.length > 0 ? [`${text} in ${listOf(values.map(([value]) => value))} ? ${both} : `] : []),
    ownOrAsked(gathered, rule, identity),
  ].join("")})`;
};

/** The requester's own name needs no question, unless the credential is narrower than the user. */
const ownOrAsked = (
  gathered: GatheredField,
  rule: FieldRule,
  identity: string,
  kind = kindOf(gathered.field),
): string => {
  const ask = asked(gathered, rule, identity, kind);
  if (gathered.field.names === "group" || rule.permission !== undefined) return ask;
  const own = gathered.policy.narrowing.length > 0 ? `(variables.isNarrowed ? ${question(kind, identity)} : '')` : "''";
  return `${identity} == variables.me ? ${own} : ${ask}`;
};

/** What a question is about. A username may be a service account's, which only its text tells. */
export type QuestionKind = "username" | "account" | "group" | "any" | `permission${number}`;

const kindOf = ({ names, standsFor }: Field): QuestionKind => {
  if (standsFor !== undefined) return serviceAccountOf(standsFor) ? "account" : "username";
  return ({ username: "username", serviceAccount: "account", group: "group", anything: "any" } as const)[names];
};

/** An empty field may stand for a username that is not a service account's, whatever the field names. */
const standInKind = (field: Field, standIn: string): QuestionKind =>
  field.names === "serviceAccount" && !serviceAccountOf(standIn) ? "username" : kindOf(field);

/** The question about an identity. A trusted writer is asked nothing. */
const asked = (
  { field, target }: GatheredField,
  { permission }: FieldRule,
  identity: string,
  kind = kindOf(field),
): string => {
  const at = permissionsOf(target).findIndex((one) => permission && isSamePermission(one, permission));
  const item = question(permission ? `permission${at}` : kind, identity);
  return target.writers.length > 0 ? `(variables.isWriter ? '' : ${item})` : item;
};

/** The kinds of questions that these fields may need. */
export function kindsOf(target: Target, fields: readonly Field[]): readonly QuestionKind[] {
  const ofRule = (field: Field, { permission, emptyStandsFor }: FieldRule): readonly QuestionKind[] => {
    const at = permissionsOf(target).findIndex((one) => permission && isSamePermission(one, permission));
    if (permission) return [`permission${at}`];
    return [kindOf(field), ...(emptyStandsFor === undefined ? [] : [standInKind(field, emptyStandsFor)])];
  };
  return [...new Set(fields.flatMap((field) => [field, ...field.whenSet].flatMap((rule) => ofRule(field, rule))))];
}

/** The items of an empty field, in CEL. */
const emptyText = (gathered: GatheredField): string => byRule(gathered, (rule) => emptyItems(gathered, rule));

const emptyItems = (gathered: GatheredField, rule: FieldRule): string => {
  const standIn = standInOf(rule, gathered.reading);
  if (standIn !== undefined) {
    const kind = standInKind(gathered.field, standIn);
    return `(${emptyItem} + (${ownOrAsked(gathered, rule, celString(standIn), kind)}))`;
  }
  return rule.onEmpty === "allow" ? "''" : faultItem("empty");
};

/** The identity that an empty field stands for where it stays empty. */
export function standInOf({ onEmpty, emptyStandsFor }: FieldRule, { actedOn }: Reading): string | undefined {
  return onEmpty === "stands" || (actedOn && onEmpty !== "allow") ? emptyStandsFor : undefined;
}

/** The items of a name that the policy would write into the empty field. */
export function defaultItems(gathered: GatheredField, name: string): string {
  return namedItems(gathered, celString(name), { at: "", parent: "" });
}
