import { longestName } from "../identity/header-safe.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import { namesOf } from "../policy/path.ts";
import type { Field, FieldRule, Permission, Policy, Target } from "../policy/policy.ts";
import { accessTo, celString, isAccountName, isServiceAccount, listOf } from "./cel.ts";

/*
 * The items of one place of an object, in CEL: its faults, and the questions about the identities that it names. An item is a line between two
 * line breaks. No question holds a line break or a tab, because only header-safe names are asked about.
 */

/** A value in CEL that is known to exist, and the object or list that holds it. */
export interface Value {
  readonly at: string;
  readonly parent: string;
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

/** What lies at any depth cannot be found in CEL, so nothing may lie there. */
export function depthItems({ at }: Value): string {
  return `((type(${at}) == map || type(${at}) == list) && size(${at}) > 0 ? ${faultItem("depth")} : '')`;
}

/** The items of a value at the end of a field's path, in CEL. */
export function itemsAt(gathered: GatheredField, value: Value): string {
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
}

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
export function emptyItems(gathered: GatheredField): string {
  return byRule(gathered, (rule) => emptyItemsBy(gathered, rule));
}

const emptyItemsBy = (gathered: GatheredField, rule: FieldRule): string => {
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
