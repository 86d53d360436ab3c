import { isHeaderSafe, longestName } from "../identity/header-safe.ts";
import { serviceAccountOf, serviceAccountUsername } from "../identity/service-account.ts";
import type { JsonObject, Problem } from "../meta/json.ts";
import { formatPath, type Place, placesOf, valueAt } from "../policy/path.ts";
import type { Field } from "../policy/policy.ts";

/** The place of a name, which decides the namespace of a service account. */
export interface NamePlace {
  readonly field: Field;
  readonly place: Place;
  readonly object: JsonObject;
  /** The object's namespace, empty for a cluster-scoped one. */
  readonly namespace: string;
}

/** Says why a name is not header-safe. */
export function unsafeNameProblem(name: string): string {
  return name.length > longestName
    ? `is longer than ${longestName} characters`
    : "is not printable ASCII without spaces at its ends and would not survive an HTTP header";
}

/** The identity that a text means in a field, or the reason why it means none: a username, or the name of a group. */
export function identityIn({ field, place, object, namespace }: NamePlace, text: string): string | Problem {
  if (!isHeaderSafe(text)) return { problem: unsafeNameProblem(text) };
  const form = field.serviceAccount;
  if (form === undefined) return text;
  if (form === "name") return usernameOf(namespace, text);
  const colon = text.indexOf(":");
  if (colon >= 0 && (form === "namespace:name" || form.colon))
    return usernameOf(text.slice(0, colon), text.slice(colon + 1));
  if (form === "namespace:name") return { problem: "has no namespace before it; write NAMESPACE:NAME" };
  // A path that walks nothing leads to one place.
  const { value, blocked }: Partial<Place> =
    "namespaceAt" in form
      ? (placesOf(object, form.namespaceAt) as readonly [Place])[0]
      : { value: valueAt(object, [...place.segments.slice(0, -1), form.namespaceKey]) };
  const beside = value ?? "";
  const where = "namespaceAt" in form ? `at ${formatPath(form.namespaceAt)}` : "beside it";
  if (blocked !== undefined || typeof beside !== "string")
    return { problem: `has a namespace ${where} that is not a string` };
  if (form.required && beside === "") return { problem: `has no namespace ${where}` };
  return usernameOf(beside || namespace, text);
}

const usernameOf = (namespace: string, name: string): string | Problem => {
  const username = serviceAccountUsername({ namespace, name });
  return serviceAccountOf(username) ? username : { problem: "is not the name of a service account in a namespace" };
};
