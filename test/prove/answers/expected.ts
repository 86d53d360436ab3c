import { registrations, webhookName } from "./registrations.ts";
import type { Expected, Met, Row } from "./row.ts";

type More = Omit<Partial<Expected>, "code">;

/** All of what a row expects. */
export const expectationOf = ({ registration, expected }: Row): Met => ({
  warnings: [],
  annotations: {},
  failedOpen: false,
  calls: 1,
  ...(registrations[registration].endpoint === "mutate" ? { mutated: false } : {}),
  ...expected,
});

/** The object was created, and names this identity. */
export const created = (identity: unknown, more: More = {}): Expected => ({
  code: 201,
  ...(identity === undefined ? {} : { identity }),
  ...more,
});

/** The object was updated or deleted. */
export const done = (identity: unknown, more: More = {}): Expected => ({ ...created(identity, more), code: 200 });

/** The webhook's refusal, which carries its name in front (`k8s.io/apiserver` pkg/admission/plugin/webhook/errors). */
export const denied = (
  code: number,
  { reason, message, details }: { readonly reason?: string; readonly message: string; readonly details?: unknown },
  more: More = {},
): Expected => ({
  code,
  status: {
    message: `admission webhook "${webhookName}" denied the request${message}`,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
  },
  ...more,
});

/** An error of the API server's own (`NewInternalError` of `k8s.io/apimachinery` pkg/api/errors). */
export const internalError = (message: string, more: More = {}): Expected => ({
  code: 500,
  status: {
    message: `Internal error occurred: ${message}`,
    reason: "InternalError",
    details: { causes: [{ message }] },
  },
  ...more,
});

/** The answer does not count (`ErrCallingWebhook` of `k8s.io/apiserver` pkg/util/webhook), and the failure policy is Fail. */
export const callFailed = (why: string, more: More = {}): Expected =>
  internalError(`failed calling webhook "${webhookName}": ${why}`, more);

/** The answer could not be had, or not be read. */
export const notCalled = (why: string): Expected => callFailed(`failed to call webhook: ${why}`);

/** The answer could be read, and breaks a rule of `VerifyAdmissionResponse`. */
export const invalidResponse = (why: string): Expected => callFailed(`received invalid webhook response: ${why}`);

/** What our five annotations say; bob asked. */
export const said = (
  decision: string,
  reason: string,
  declared: string,
  effective: string,
  more: Readonly<Record<string, string>> = {},
): Pick<Met, "annotations"> => ({
  annotations: { decision, reason, requester: "bob", declared, effective, ...more },
});

/** A Warning header. `\` and `"` of the text must be escaped in it. */
export const header = (text: string): string => `299 - "${text}"`;
