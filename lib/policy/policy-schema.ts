import * as v from "valibot";
import { isHeaderSafe } from "../identity/header-safe.ts";
import { serviceAccountOf, serviceAccountUsername } from "../identity/service-account.ts";
import { isObject, type JsonObject } from "../meta/json.ts";
import { type PresetOption, presets } from "../presets/index.ts";
import { namesOf, type Path, parsePath } from "./path.ts";
import { isInMetadata, isInStatus } from "./policy.ts";

/*
 * The schema of a policy file. Every message follows the place: "targets[0].onEmpty must be ..., not 5".
 */

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return isObject(value) ? "an object" : (JSON.stringify(value) ?? "nothing");
};

const must =
  (what: string) =>
  ({ input }: { readonly input: unknown }): string =>
    `must be ${what}, not ${describe(input)}`;

const text = (what: string, isIt: (value: string) => boolean) =>
  v.pipe(v.string(must(what)), v.check(isIt, must(what)));
const matching = (what: string, expression: RegExp) => text(what, (value) => expression.test(value));
const oneOf = <const T extends readonly string[]>(texts: T, what: string) => v.picklist(texts, must(what));
const list = <T extends v.GenericSchema>(item: T, what: string) => v.array(item, must(`a list of ${what}`));
const someOf = <T extends v.GenericSchema>(item: T, what: string) =>
  v.pipe(list(item, what), v.minLength(1, must(`a list of ${what}, one at least`)));
const anyObject = (what: string) => v.custom<JsonObject>(isObject, must(what));

/** Unknown members are errors, because a misspelt rule would have no effect. */
const object = <const T extends v.ObjectEntries>(what: string, entries: T) => {
  const names = Object.keys(entries);
  const needed = Object.entries(entries).flatMap(([name, { type }]) => (type.endsWith("optional") ? [] : [name]));
  const members = v.strictObject(entries, ({ expected }) =>
    expected === "never"
      ? `is not a member of ${what}; its members are ${names.join(", ")}`
      : `is missing; ${what} must have ${needed.join(", ")}`,
  );
  return v.pipe(anyObject("an object"), members);
};

const name = text("printable ASCII with no space at either end", isHeaderSafe);
const group = matching(
  'an API group in lower case, such as apps, or "" for the core group',
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/,
);
const version = matching('a version such as v1, or "*"', /^(\*|[a-z]([-a-z0-9]*[a-z0-9])?)$/);
const plural = matching("a plural name in lower case, such as kustomizations", /^[a-z]([-a-z0-9]*[a-z0-9])?$/);

const pathOf = (what: string, isIt: (path: Path) => boolean) =>
  v.pipe(
    text(what, (value) => {
      const parsed = parsePath(value);
      return parsed !== undefined && isIt(parsed);
    }),
    v.transform((value) => parsePath(value) as Path),
  );

const path = pathOf('a path such as spec.a.b, spec.list[*].b, spec.**.b or metadata.labels["a/b"]', () => true);
const plainPath = pathOf(
  "a path to one place outside metadata and status, such as spec.a.b",
  (parsed) => namesOf(parsed) !== undefined && !isInStatus({ path: parsed }) && !isInMetadata({ path: parsed }),
);
const statusPath = pathOf("a path into the status, such as status.children", (parsed) => isInStatus({ path: parsed }));

const onForbidden = v.exactOptional(oneOf(["requester", "deny"], '"requester" or "deny"'));
const onPrivilegedRequester = v.optional(oneOf(["deny", "default"], '"deny" or "default"'), "deny");
const fixed = object("a default", { default: name });
const onEmpty = v.lazy((value) =>
  isObject(value) ? fixed : oneOf(["requester", "deny", "allow"], '"requester", "deny", "allow" or { default: NAME }'),
);

/** Keys that a record of valibot drops silently. */
const forbiddenKeys = ["__proto__", "prototype", "constructor"];
const privileged = v.pipe(
  anyObject("an object of usernames by value"),
  v.check(
    (value) => !forbiddenKeys.some((key) => Object.hasOwn(value, key)),
    `must not name ${forbiddenKeys.join(", ")}`,
  ),
  v.record(name, name),
);

const permission = object("a permission", { verb: name, group, resource: plural });

/** The rule of a field: in a target the default of its fields. */
const rule = {
  privileged: v.exactOptional(privileged),
  unprivileged: v.exactOptional(list(name, "values")),
  onForbidden,
  onEmpty: v.exactOptional(onEmpty),
  emptyIsUnprivileged: v.exactOptional(v.literal(true, must("true, or absent"))),
  emptyStandsFor: v.exactOptional(name),
  permission: v.exactOptional(permission),
};
const ruleSchema = v.object(rule);
export type RuleText = v.InferOutput<typeof ruleSchema>;

const yes = v.exactOptional(v.literal(true, must("true, or absent")));
const namespaceBeside = object("a form of service account", { namespaceKey: name, required: yes, colon: yes });
const namespaceElsewhere = object("a form of service account", { namespaceAt: plainPath, required: yes, colon: yes });
const form = v.lazy((value) =>
  isObject(value)
    ? Object.hasOwn(value, "namespaceAt")
      ? namespaceElsewhere
      : namespaceBeside
    : oneOf(["name", "namespace:name"], '"name", "namespace:name", { namespaceKey: KEY } or { namespaceAt: PATH }'),
);
const condition = object("a condition", { path: plainPath, ...rule });
const field = object("a field", {
  path,
  serviceAccount: v.exactOptional(form),
  names: v.exactOptional(oneOf(["group", "anything"], '"group" or "anything", or absent')),
  standsFor: v.exactOptional(name),
  ...rule,
  whenSet: v.optional(list(condition, "conditions"), []),
});
const fieldOrPath = v.lazy((value) =>
  isObject(value)
    ? field
    : v.pipe(
        path,
        v.transform((parsed): v.InferOutput<typeof field> => ({ path: parsed, whenSet: [] })),
      ),
);
export type FieldText = v.InferOutput<typeof field>;

export const targetSchema = object("a target", {
  group,
  versions: v.pipe(
    someOf(version, "versions"),
    v.check((versions) => versions.length === 1 || !versions.includes("*"), 'must hold "*" alone, or no "*"'),
  ),
  resources: someOf(plural, "plural names"),
  fields: someOf(fieldOrPath, "fields"),
  ...rule,
  statusPaths: v.optional(list(statusPath, "paths into the status"), []),
  onPrivilegedRequester,
  writers: v.optional(list(object("a writer", { username: name, copiesFrom: name }), "writers"), []),
  statusWriters: v.optional(list(name, "usernames"), []),
  ignoresLetterCase: yes,
});
export type TargetText = v.InferOutput<typeof targetSchema>;

const presetNames = Object.keys(presets) as readonly PresetName[];
const presetName = oneOf(presetNames, presetNames.map((each) => JSON.stringify(each)).join(", "));
const isServiceAccount = (namespace: string, name: string): boolean =>
  serviceAccountOf(serviceAccountUsername({ namespace, name })) !== undefined;
const optionValues = {
  username: name,
  namespace: text("a namespace", (value) => isServiceAccount(value, "any")),
  "service account": text("the name of a service account", (value) => isServiceAccount("any", value)),
} as const;
const optionValue = ({ is }: PresetOption) =>
  typeof is === "string" ? optionValues[is] : oneOf(is, is.map((each) => JSON.stringify(each)).join(" or "));

/** A preset in a policy: its name, and its options beside it. */
const preset = v.lazy((value) => {
  const { preset: called } = value as JsonObject;
  const known = presetNames.find((each) => each === called);
  if (known === undefined) return v.looseObject({ preset: presetName });
  const options: v.ObjectEntries = Object.fromEntries(
    Object.entries<PresetOption>(presets[known].options).map(([option, about]) => [
      option,
      v.exactOptional(optionValue(about)),
    ]),
  );
  return object(`the preset ${known}`, { ...options, preset: presetName });
});

type PresetName = keyof typeof presets;

/** A target of a policy file that names a preset, beside texts for options of that preset. */
export interface PresetText {
  readonly preset: PresetName;
  readonly [option: string]: unknown;
}

/** A policy as a file writes it. */
export const policySchema = object("a policy", {
  name: matching(
    "lower-case letters, digits and -, 63 at most, with no - at either end",
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  ),
  enforcement: v.optional(oneOf(["enforce", "audit", "off"], '"enforce", "audit" or "off"'), "enforce"),
  narrowing: v.optional(list(name, "extra keys"), ["scopes.authorization.openshift.io"]),
  targets: someOf(
    v.lazy((value) => (isObject(value) && Object.hasOwn(value, "preset") ? preset : targetSchema)),
    "targets",
  ),
});
