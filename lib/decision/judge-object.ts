import { isInStatus } from "../policy/policy.ts";
import { type CoveredWrite, isStatusWriter, judgeIdentityFields } from "./covered-write.ts";
import type { Finding } from "./finding.ts";
import { identityFieldsOf } from "./identity-field.ts";
import type { Endpoint } from "./request.ts";
import { statusWriter, unchanged } from "./review-verdict.ts";
import { isUnchanged, outside } from "./unchanged.ts";

/**
 * Rule `change`: a write of the object itself. Before it calls validate, the API server restores the old status. The exception is a
 * resource without a status subresource: its status is stored with the object and counts like the spec. Mutate does not read the status.
 */
export function judgeObject(write: CoveredWrite, endpoint: Endpoint): readonly Finding[] {
  const { fields, request, object, before } = write;
  if (before) {
    const outsideStatus = outside(
      ["metadata", "status"],
      fields.filter((field) => !isInStatus(field)),
    );
    if (isUnchanged(request, endpoint === "mutate" ? outsideStatus : outside(["metadata"], fields)))
      return [unchanged()];
    if (isStatusWriter(write) && isUnchanged(request, outsideStatus)) return [statusWriter()];
  }
  return judgeIdentityFields(write, (review) =>
    identityFieldsOf({ ...review, writes: "object", object, before }, fields),
  );
}
