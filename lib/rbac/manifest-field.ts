import { goQuote } from "../meta/go-quote.ts";
import { isObject, type JsonObject, member } from "../meta/json.ts";
import { RbacError } from "./rbac-error.ts";

/** A value in a manifest, with the object and the path for error messages. The object itself has the path "". */
export interface ManifestField {
  readonly object: string;
  readonly path: string;
  readonly value: unknown;
}

/** An error about a field. `problem` continues the sentence and ends with the fix. */
export function wrong({ object, path }: ManifestField, problem: string): RbacError {
  return new RbacError(`${object}${path && `: ${path}`} ${problem}`);
}

const objectOf = (field: ManifestField): JsonObject => {
  if (field.value == null) throw wrong(field, "is missing: it must be an object");
  if (!isObject(field.value)) throw wrong(field, "is not an object: it must have named fields");
  return field.value;
};

/** One member of an object; its value is undefined where it is absent. */
export function memberOf(field: ManifestField, key: string): ManifestField {
  return {
    object: field.object,
    path: field.path === "" ? key : `${field.path}.${key}`,
    value: member(objectOf(field), key),
  };
}

/**
 * The members of an object. Any other member is an error, because a misspelt `resourceNames` would grant every name. `kubectl apply` refuses
 * unknown fields too (`fieldValidation: Strict`).
 */
export function membersOf<Key extends string>(
  field: ManifestField,
  ...keys: readonly Key[]
): Readonly<Record<Key, ManifestField>> {
  const unknown = Object.keys(objectOf(field)).find((key) => !keys.some((known) => known === key));
  if (unknown !== undefined)
    throw wrong(field, `has an unknown field ${goQuote(unknown)}: its fields are ${keys.join(", ")}`);
  return Object.fromEntries(keys.map((key) => [key, memberOf(field, key)])) as Record<Key, ManifestField>;
}

/** A string; "" for an absent or null value, as Go reads it. */
export function stringIn(field: ManifestField): string {
  const text = field.value ?? "";
  if (typeof text !== "string") throw wrong(field, "is not a string: put it in quotes");
  return text;
}

/** A map of strings, such as labels; empty for an absent or null value. */
export function mapOf(field: ManifestField): ReadonlyMap<string, string> {
  const entries = field.value == null ? [] : Object.entries(objectOf(field));
  return new Map(
    entries.map(
      ([key, value]) => [key, stringIn({ ...field, path: `${field.path}[${goQuote(key)}]`, value })] as const,
    ),
  );
}

/** The items of a list; empty for an absent or null value. */
export function itemsOf(field: ManifestField): readonly ManifestField[] {
  const items = field.value ?? [];
  if (!Array.isArray(items)) throw wrong(field, "is not a list: write its items in brackets or after dashes");
  return Array.from(items, (value: unknown, index) => ({
    object: field.object,
    path: `${field.path}[${index}]`,
    value,
  }));
}

/** A list of strings. A null item is an error: the core API group is written "". */
export function textsOf(field: ManifestField): readonly string[] {
  return itemsOf(field).map((item) => {
    if (item.value == null) throw wrong(item, 'is null: remove it or write ""');
    return stringIn(item);
  });
}

const pathSegment = /^(?!\.{1,2}$)[^/%]+$/;

/** The name of an RBAC object (`pkg/apis/rbac/validation` ValidateRBACName): a text that fits into one segment of a URL path. */
export function nameIn(field: ManifestField): string {
  const name = stringIn(field);
  if (name === "") throw wrong(field, "is missing: write a name");
  if (!pathSegment.test(name)) throw wrong(field, `is ${goQuote(name)}: a name is not . or .. and has no / or %`);
  return name;
}
