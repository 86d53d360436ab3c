import type { Outcome } from "../decision/index.ts";
import { brief } from "../meta/brief.ts";
import { printable } from "../meta/printable.ts";
import { type Status, statusOf } from "../meta/status.ts";
import type { AdmissionReview } from "./read-review.ts";

/** The answer to an AdmissionReview (`admission.k8s.io/v1`), ready for JSON. */
export interface AdmissionReviewAnswer {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

/** `admission.k8s.io/v1` AdmissionResponse. `patch` and `patchType` come together or not at all. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: Status;
  readonly patch?: string;
  readonly patchType?: "JSONPatch";
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/*
 * The author of an object chooses its names, and the API server copies an answer into audit logs and headers: every text is cut, and so
 * are the lists. The API server itself shows no more than 4,096 characters of warnings.
 */
const longestText = 1_024;
const mostWarnings = 16;
const mostCauses = 32;

const bounded = (text: string): string => printable(brief(text, longestText));

/**
 * Writes the answer to a review. The patch is base64 of JSON, and base64 belongs to the platform: the caller brings it.
 *
 * @example
 * const { response } = writeReview(review, outcome, (text) => Buffer.from(text).toString("base64"));
 * response.allowed; // true
 */
export function writeReview(
  review: AdmissionReview,
  outcome: Outcome,
  base64: (text: string) => string,
): AdmissionReviewAnswer {
  const allowed = outcome.decision !== "denied" || outcome.enforcement === "audit";
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid: review.uid,
      allowed,
      ...(allowed ? {} : { status: denial(review, outcome) }),
      ...(allowed && outcome.patch.length > 0
        ? { patch: base64(JSON.stringify(outcome.patch)), patchType: "JSONPatch" as const }
        : {}),
      ...(outcome.warnings.length > 0 ? { warnings: warningsOf(outcome) } : {}),
      auditAnnotations: annotationsOf(outcome),
    },
  };
}

const warningsOf = ({ warnings }: Outcome): readonly string[] => [
  ...warnings.slice(0, mostWarnings).map((warning) => bounded(warning)),
  ...(warnings.length > mostWarnings ? [`and ${warnings.length - mostWarnings} more`] : []),
];

const denial = ({ subject }: AdmissionReview, { code, message, causes }: Outcome): Status =>
  statusOf(
    code,
    message,
    // kubectl prints the causes in place of the message, and names the object with them.
    code === 422
      ? {
          ...(subject.name ? { name: bounded(subject.name) } : {}),
          ...(subject.group ? { group: bounded(subject.group) } : {}),
          ...(subject.kind ? { kind: bounded(subject.kind) } : {}),
          causes: causes.slice(0, mostCauses).map((cause) => ({
            reason: "FieldValueInvalid",
            field: bounded(cause.field),
            message: bounded(cause.message),
          })),
        }
      : undefined,
  );

/** The same five keys in every answer; `field` and `fields` where one of several had to be chosen, `enforcement` where nothing was carried out. */
const annotationsOf = (outcome: Outcome): Readonly<Record<string, string>> => {
  const { decision, reason, requester, declared, effective, field, fields, enforcement } = outcome;
  const annotations = {
    decision,
    reason,
    requester,
    declared,
    effective,
    ...(fields > 1 ? { field, fields: String(fields) } : {}),
    ...(enforcement === "enforce" ? {} : { enforcement }),
  };
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, bounded(value)]));
};
