import { expect, test } from "vitest";
import { statusObject, statusOf } from "../../../../lib/meta/status.ts";

/** `metav1.StatusReason` (k8s.io/apimachinery pkg/apis/meta/v1 types.go). */
test.each([
  [400, "BadRequest"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [413, "RequestEntityTooLarge"],
  [415, "UnsupportedMediaType"],
  [422, "Invalid"],
  [429, "TooManyRequests"],
  [500, "InternalError"],
  [503, "ServiceUnavailable"],
  [504, "Timeout"],
])("the reason of %d is %s", (code, reason) => {
  expect(statusOf(code, "why")).toEqual({ status: "Failure", message: "why", reason, code });
});

test("502 has no reason", () => {
  expect(statusOf(502, "why")).toEqual({ status: "Failure", message: "why", code: 502 });
});

test("details stand beside the message", () => {
  const details = { name: "a", causes: [{ reason: "FieldValueInvalid", field: "spec.user", message: "no" }] } as const;
  expect(statusOf(422, "why", details)).toMatchObject({ message: "why", details });
});

test("a message of 4096 characters is whole, and a longer one is cut", () => {
  expect(statusOf(403, "a".repeat(4096)).message).toBe("a".repeat(4096));
  expect(statusOf(403, "a".repeat(4097)).message).toBe(`${"a".repeat(4096)}... (4097 characters)`);
});

test("a message is printable", () => {
  expect(statusOf(403, "bob\u202e\n").message).toBe("bob\\u202e\\u000a");
});

test("a body of its own names its type", () => {
  expect(statusObject(404, "why")).toEqual({
    apiVersion: "v1",
    kind: "Status",
    metadata: {},
    status: "Failure",
    message: "why",
    reason: "NotFound",
    code: 404,
  });
});
