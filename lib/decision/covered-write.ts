import { isProblem, type JsonObject } from "../meta/json.ts";
import { type Field, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import type { Finding } from "./finding.ts";
import type { FieldContext, IdentityField } from "./identity-field.ts";
import { judgeField } from "./judge-field.ts";
import type { AdmissionRequest, Endpoint } from "./request.ts";
import { denied, skipped, tooMany } from "./review-verdict.ts";

/** A write of a resource that a target covers. */
export interface CoveredWrite {
  readonly policy: Policy;
  readonly target: Target;
  /** The target's fields that the called endpoint judges. */
  readonly fields: readonly Field[];
  readonly request: AdmissionRequest;
  readonly object: JsonObject;
  /** Undefined on CREATE. */
  readonly before: JsonObject | undefined;
}

/** Rule `change`: mutate does not read the status, which is not final there. */
export function judgedFields({ fields }: Target, endpoint: Endpoint): readonly Field[] {
  return endpoint === "mutate" ? fields.filter((field) => !isInStatus(field)) : fields;
}

/** Limits the work and the size of the answer for an object that consists only of identity fields. */
const mostFields = 1_000;

/** Whether the policy trusts the requester with writes of the status. */
export function isStatusWriter({ target, request: { requester } }: CoveredWrite): boolean {
  return !isProblem(requester) && target.statusWriters.includes(requester.username);
}

/** The members of a write that its fields are judged by. */
type JudgedWrite = Pick<CoveredWrite, "policy" | "target"> & {
  readonly request: Pick<AdmissionRequest, "requester" | "namespace">;
};

/** Judges the fields that a write must answer for. They are read only after the requester is known. */
export function judgeIdentityFields(
  { policy, target, request }: JudgedWrite,
  fieldsIn: (review: Pick<FieldContext, "policy" | "target" | "requester" | "namespace">) => readonly IdentityField[],
): readonly Finding[] {
  const { requester, namespace } = request;
  if (isProblem(requester)) return [denied("no-requester", 500, requester.problem)];
  const fields = fieldsIn({ policy, target, requester, namespace });
  if (fields.length === 0) return [skipped("no-field", "the object has no field that names an identity")];
  const counted = fields.filter(isCounted);
  if (counted.length > mostFields) {
    const paths = counted.map(({ at }) => at);
    return [tooMany(paths, `the object has ${paths.length} fields for identities, of ${mostFields} at most`)];
  }
  return fields.map(judgeField);
}

/** An absent field that may stay empty costs nothing: Argo's templates have a dozen each. */
const isCounted = ({ place, rule }: IdentityField): boolean => place.value !== undefined || rule.onEmpty !== "allow";
