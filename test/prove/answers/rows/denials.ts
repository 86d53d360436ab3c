import type { AdmissionReviewAnswer } from "../../../../lib/index.ts";
import { denied, notCalled, said } from "../expected.ts";
import type { Expected, Row } from "../row.ts";

/*
 * What the API server makes of the status of a denial (`ToStatusErr` of k8s.io/apiserver pkg/admission/plugin/webhook/errors): why ours
 * always has a code, a message and, where there is a word for it, a reason.
 */

const refused = said("denied", "forbidden", "carl", "");

const withStatus =
  (status: unknown) =>
  ({ response, ...answer }: AdmissionReviewAnswer) => ({ ...answer, response: { ...response, status } });

const row = (name: string, status: unknown, expected: Expected): readonly Row[] =>
  (["mutate", "validate"] as const).map((registration) => ({
    class: "the status of a denial",
    name,
    registration,
    decided: { policy: { targets: [{ preset: "razee", onForbidden: "deny" }] } },
    altered: withStatus(status),
    expected,
  }));

const causes = [{ reason: "FieldValueInvalid", message: "must be something else", field: "spec.a" }];

export const denialRows: readonly Row[] = [
  ...row("none", undefined, denied(400, { message: " without explanation" }, refused)),
  ...row("null", null, denied(400, { message: " without explanation" }, refused)),
  ...row("no message and no reason", { code: 403 }, denied(403, { message: " without explanation" }, refused)),
  ...row(
    "a reason and no message",
    { code: 403, reason: "Forbidden" },
    denied(403, { reason: "Forbidden", message: ": Forbidden" }, refused),
  ),
  ...row("no code", { message: "why" }, denied(400, { message: ": why" }, refused)),
  ...row("code 200", { code: 200, status: "Success", message: "why" }, denied(400, { message: ": why" }, refused)),
  ...row("code 399", { code: 399, message: "why" }, denied(400, { message: ": why" }, refused)),
  ...row("code -1", { code: -1, message: "why" }, denied(400, { message: ": why" }, refused)),
  ...row("code 999", { code: 999, message: "why" }, denied(999, { message: ": why" }, refused)),
  ...row(
    "a code that is a text",
    { code: "403", message: "why" },
    notCalled("json: cannot unmarshal string into Go struct field Status.response.status.code of type int32"),
  ),
  ...row(
    "causes, whatever the code",
    { code: 403, message: "why", details: { causes } },
    denied(403, { message: ": why", details: { causes } }, refused),
  ),
  // The writer never lets these through.
  ...row(
    "a message that a terminal obeys",
    { code: 403, message: "\u001b[2Jcarl\u202e\n" },
    denied(403, { message: ": \u001b[2Jcarl\u202e\n" }, refused),
  ),
  ...row(
    "a message of 5000 characters",
    { code: 403, message: "w".repeat(5000) },
    denied(403, { message: `: ${"w".repeat(5000)}` }, refused),
  ),
];
