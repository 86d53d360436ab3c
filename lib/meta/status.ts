import { brief } from "./brief.ts";
import { printable } from "./printable.ts";

/** `metav1.Status` of a refusal, as it stands inside another answer. */
export interface Status {
  readonly status: "Failure";
  readonly message: string;
  readonly reason?: string;
  readonly code: number;
  readonly details?: StatusDetails;
}

/** `metav1.StatusDetails`: the object, and the fields that are wrong. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly {
    readonly reason: "FieldValueInvalid";
    readonly field: string;
    readonly message: string;
  }[];
}

/** A Status that is an answer of its own. */
export interface StatusObject extends Status {
  readonly apiVersion: "v1";
  readonly kind: "Status";
  readonly metadata: object;
}

/** `metav1.StatusReason` by HTTP code; 502 has none. */
const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The author of an object chooses its names, and the API server copies a message into audit logs. */
const longestMessage = 4_096;

/**
 * The Status of a refusal. Its message is cut, and made printable, because kubectl prints it raw.
 *
 * @example statusOf(403, "no") // { status: "Failure", message: "no", reason: "Forbidden", code: 403 }
 */
export function statusOf(code: number, message: string, details?: StatusDetails): Status {
  const reason = reasons[code];
  return {
    status: "Failure",
    message: printable(brief(message, longestMessage)),
    ...(reason && { reason }),
    code,
    ...(details && { details }),
  };
}

/** The Status of a refusal, as the body of an HTTP response. */
export function statusObject(code: number, message: string, details?: StatusDetails): StatusObject {
  return { apiVersion: "v1", kind: "Status", metadata: {}, ...statusOf(code, message, details) };
}
