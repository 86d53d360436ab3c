import type { JsonObject } from "../identity/json.ts";
import { type Path, placesOf } from "../policy/path.ts";
import { identityPaths, type Target } from "../policy/policy.ts";
import { compare } from "./equal.ts";
import type { AdmissionRequest } from "./request.ts";

/**
 * Point 6: equal outside `metadata` and `status`, with equal declared identities. Of a status write: equal in the target's status paths.
 * The objects must be there.
 */
export const isUnchanged = (request: AdmissionRequest, target: Target, statusWrite: boolean): boolean => {
  const parts = (object: JsonObject): unknown => {
    if (statusWrite) return valuesAt(object, target.statusPaths);
    const { metadata: _, status: __, ...rest } = object;
    return [rest, valuesAt(object, target.fields.flatMap(identityPaths))];
  };
  const compared = (objects: Pick<AdmissionRequest, "object" | "oldObject"> | undefined) =>
    objects && compare(parts(objects.object as JsonObject), parts(objects.oldObject as JsonObject));
  const outcome = compared(request);
  return outcome === "alike" ? compared(request.exact()) === "equal" : outcome === "equal";
};

/** Absent and null differ, and so do places. */
const valuesAt = (object: JsonObject, paths: readonly Path[]): unknown =>
  paths.map((path) => placesOf(object, path).map(({ keys, value }) => [keys, value]));
