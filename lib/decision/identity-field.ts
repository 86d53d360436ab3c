import type { UserInfo } from "../identity/user-info.ts";
import { isProblem, type JsonObject } from "../meta/json.ts";
import { type Place, placesOf, pointerOf } from "../policy/path.ts";
import type { Field, Policy, Target } from "../policy/policy.ts";
import { usernameIn } from "./username-in.ts";

/**
 * What a request writes. Of an object, the field can be patched. A subresource may write the field itself, or parts of the status that
 * the controller acts on as the object's identity: there nothing can be patched, and what would have to be is denied.
 */
export type WrittenPart = "object" | "field-by-subresource" | "acted-on-status";

/** What the fields of one review have in common. */
export interface FieldContext {
  readonly policy: Policy;
  readonly target: Target;
  readonly requester: UserInfo;
  /** The object's namespace, empty for a cluster-scoped one. */
  readonly namespace: string;
  readonly writes: WrittenPart;
  /** The object whose fields are judged: where the status is written that the controller acts on, the old one. */
  readonly object: JsonObject;
  /** What an update of the fields found; undefined on CREATE, and where the fields are not written. */
  readonly before: JsonObject | undefined;
}

/** Everything that one field is judged by. */
export interface IdentityField extends FieldContext {
  readonly field: Field;
  readonly place: Place;
  /** The field's name in messages. */
  readonly at: string;
  /** The username that the field names; its text where that names nobody; empty where it is no string. */
  readonly declared: string;
  /** The update leaves the identity as it was. */
  readonly inherited: boolean;
}

/** Fields of a review, one by one: a path that walks a list leads to many. */
export function identityFieldsOf(review: FieldContext, fields: readonly Field[]): readonly IdentityField[] {
  return fields.flatMap((field) => {
    const { object, before, namespace } = review;
    const declaredAt = (of: JsonObject, place: Place): string => {
      const { value } = place;
      if (typeof value !== "string" || place.blocked !== undefined) return "";
      const identity = usernameIn({ field, place, object: of, namespace }, value);
      return isProblem(identity) ? value : identity;
    };
    const earlier = new Map(
      before ? placesOf(before, field.path).map((place) => [pointerOf(place.segments), declaredAt(before, place)]) : [],
    );
    return placesOf(object, field.path).map((place): IdentityField => {
      const declared = declaredAt(object, place);
      const inherited = declared !== "" && earlier.get(pointerOf(place.segments)) === declared;
      return { ...review, field, place, at: place.at, declared, inherited };
    });
  });
}
