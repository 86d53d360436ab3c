import type { JsonObject } from "../meta/json.ts";
import { type Path, placesOf } from "../policy/path.ts";
import { type Field, identityPaths } from "../policy/policy.ts";
import { compareJson } from "./compare-json.ts";
import type { AdmissionRequest } from "./request.ts";

/** Reads the part of an object that is compared with the same part of the old object. */
export type UnchangedPart = (object: JsonObject) => unknown;

/** Rule `change`: all members of the object but these, and the identities of the fields wherever they lie. */
export function outside(members: readonly string[], fields: readonly Field[]): UnchangedPart {
  return (object) => [
    Object.fromEntries(Object.entries(object).filter(([key]) => !members.includes(key))),
    identitiesOf(fields)(object),
  ];
}

/** All values that determine the identities of these fields. */
export function identitiesOf(fields: readonly Field[]): UnchangedPart {
  return partsAt(fields.flatMap(identityPaths));
}

/** The values at some paths, with their places. Absent differs from null. */
export function partsAt(paths: readonly Path[]): UnchangedPart {
  return (object) => paths.map((path) => placesOf(object, path).map(({ segments, value }) => [segments, value]));
}

/** Whether an update leaves a part of the object as it was. Both objects must be there. */
export function isUnchanged(request: AdmissionRequest, part: UnchangedPart): boolean {
  const compared = (objects: Pick<AdmissionRequest, "object" | "oldObject"> | undefined) =>
    objects && compareJson(part(objects.object as JsonObject), part(objects.oldObject as JsonObject));
  const outcome = compared(request);
  return outcome === "alike" ? compared(request.exact()) === "equal" : outcome === "equal";
}
