import type { UserInfo } from "../identity/user-info.ts";
import { isProblem, type JsonObject } from "../meta/json.ts";
import { isDeep, mostDeepPlaces, otherSpelling, type Place, placesOf, pointerOf } from "../policy/path.ts";
import { type Field, type FieldRule, identityPaths, type Policy, ruleIn, type Target } from "../policy/policy.ts";
import { identityIn } from "./identity-in.ts";

/**
 * The part that a request writes. In an object the field can be patched. A subresource may write the field itself, or parts of the status
 * that the controller acts on as the object's identity: there nothing can be patched, and a verdict that needs a patch becomes a denial.
 */
export type WrittenPart = "object" | "field-by-subresource" | "acted-on-status";

/** The inputs that all fields of one write share. */
export interface FieldContext {
  readonly policy: Policy;
  readonly target: Target;
  readonly requester: UserInfo;
  /** The object's namespace, empty for a cluster-scoped one. */
  readonly namespace: string;
  readonly writes: WrittenPart;
  /** The object whose fields are judged. Where the write is of a status that the controller acts on, it is the old object. */
  readonly object: JsonObject;
  /** The object before an update of the fields; undefined on CREATE, and where the fields are not written. */
  readonly before: JsonObject | undefined;
}

/** One identity field at its place in one object, with everything that it is judged by. */
export interface IdentityField extends FieldContext {
  readonly field: Field;
  /** The rule of the field in this object. */
  readonly rule: FieldRule;
  readonly place: Place;
  /** The field's name in messages. */
  readonly at: string;
  /** The identity that the field names; the text itself where it is not a valid name; empty where the value is not a string. */
  readonly declared: string;
  /** Whether the update leaves the identity as it was. */
  readonly inherited: boolean;
}

/**
 * The identity fields of an object. A path that walks a list leads to several, as does a field that holds a list of groups. A path to any
 * depth leads to those that the fields before it leave.
 */
export function identityFieldsOf(review: FieldContext, fields: readonly Field[]): readonly IdentityField[] {
  const misspelt = review.target.ignoresLetterCase ? misspeltField(review, fields) : undefined;
  if (misspelt !== undefined) return [misspelt];
  const found = fields.flatMap((field) => fieldsAt(review, field));
  const others = new Set(found.filter((one) => !isDeep(one.field.path)).map(({ place }) => pointerOf(place.segments)));
  return found.filter((one) => !isDeep(one.field.path) || !others.has(pointerOf(one.place.segments)));
}

/** Rule `names`: a member that its controller may take for one on the way of a field. It is refused alone, because the field itself is in doubt. */
const misspeltField = (review: FieldContext, fields: readonly Field[]): IdentityField | undefined => {
  for (const field of fields)
    for (const path of [...identityPaths(field), ...field.whenSet.map(({ path }) => path)]) {
      const place = otherSpelling(review.object, path);
      if (place) return { ...review, field, rule: field, place, at: place.at, declared: "", inherited: false };
    }
  return undefined;
};

const fieldsAt = (review: FieldContext, field: Field): readonly IdentityField[] => {
  const { object, before, namespace } = review;
  const declaredAt = (of: JsonObject, place: Place): string => {
    const { value } = place;
    if (typeof value !== "string" || place.blocked !== undefined || field.names === "anything") return "";
    const identity = identityIn({ field, place, object: of, namespace }, value);
    return isProblem(identity) ? value : identity;
  };
  const earlier = new Map(
    before ? namedPlaces(before, field).map((place) => [pointerOf(place.segments), declaredAt(before, place)]) : [],
  );
  const rule = ruleIn(field, object);
  return namedPlaces(object, field).map((place): IdentityField => {
    const declared = declaredAt(object, place);
    const inherited = declared !== "" && earlier.get(pointerOf(place.segments)) === declared;
    return { ...review, field, rule, place, at: place.at, declared, inherited };
  });
};

/**
 * The places where a field names an identity. An empty one that could name any service account names none, unless there are so many that the
 * walk ended before the others.
 */
const namedPlaces = (object: JsonObject, { path, names }: Field): readonly Place[] => {
  const places = placesOf(object, path);
  if (isDeep(path) && places.length >= mostDeepPlaces) return places;
  if (names === "anything") return places.filter(({ value }) => value !== undefined && value !== null && value !== "");
  return names === "group" ? places.flatMap(elementsOf) : places;
};

/** The elements of a list of groups; an empty list is an empty field. */
const elementsOf = (place: Place): readonly Place[] => {
  const { segments, at, value, blocked } = place;
  if (blocked !== undefined || !Array.isArray(value)) return [place];
  if (value.length === 0) return [{ ...place, value: undefined }];
  return value.map((element, index) => ({
    segments: [...segments, index],
    at: `${at}[${index}]`,
    value: element,
    missing: 0,
  }));
};
