import { describe, expect, test } from "vitest";
import { type AdmissionReview, type Outcome, writeReview } from "../../../lib/index.ts";

const review: AdmissionReview = {
  uid: "705ab4f5",
  dryRun: false,
  subject: { group: "deploy.razee.io", kind: "MustacheTemplate", name: "demo" },
  request: { problem: "not needed to answer" },
};
const outcome: Outcome = {
  decision: "self",
  reason: "requester",
  message: "spec.a names the requester",
  enforcement: "enforce",
  code: 200,
  requester: "alice",
  declared: "alice",
  effective: "alice",
  field: "spec.a",
  fields: 1,
  warnings: [],
  causes: [],
  patch: [],
};
const annotations = {
  decision: "self",
  reason: "requester",
  requester: "alice",
  declared: "alice",
  effective: "alice",
};
const write = (changes: Partial<Outcome>, of: Partial<AdmissionReview> = {}) =>
  writeReview({ ...review, ...of }, { ...outcome, ...changes }, (text) => Buffer.from(text).toString("base64"));
const denied = { decision: "denied", reason: "forbidden", effective: "", message: "why", code: 403 } as const;

test("an answer that leaves all as it is says so and no more", () => {
  expect(write({})).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: "705ab4f5", allowed: true, auditAnnotations: annotations },
  });
});

test("a patch comes with its type, as base64 of JSON", () => {
  const { response } = write({ patch: [{ op: "add", path: "/spec/a", value: "alice" }] });
  expect(response).toMatchObject({ allowed: true, patchType: "JSONPatch" });
  expect(response.patch).toBe("W3sib3AiOiJhZGQiLCJwYXRoIjoiL3NwZWMvYSIsInZhbHVlIjoiYWxpY2UifV0=");
});

test("a denial never has a patch", () => {
  const { response } = write({ ...denied, patch: [{ op: "add", path: "/spec/a", value: "alice" }] });
  expect(response).not.toHaveProperty("patch");
  expect(response).not.toHaveProperty("patchType");
});

describe("a denial has a status", () => {
  test.each([
    [403, { reason: "Forbidden" }],
    [500, { reason: "InternalError" }],
    [502, {}],
    [503, { reason: "ServiceUnavailable" }],
    [504, { reason: "Timeout" }],
  ])("%i", (code, reason) => {
    const { response } = write({ ...denied, code });
    expect(response).toEqual({
      uid: "705ab4f5",
      allowed: false,
      status: { status: "Failure", message: "why", code, ...reason },
      auditAnnotations: { ...annotations, decision: "denied", reason: "forbidden", effective: "" },
    });
  });

  const causes = [{ field: "spec.a", message: "must be a string, not a list" }];

  test("422 with its causes, and what they are about", () => {
    expect(write({ ...denied, code: 422, causes }).response.status).toEqual({
      status: "Failure",
      message: "why",
      reason: "Invalid",
      code: 422,
      details: {
        name: "demo",
        group: "deploy.razee.io",
        kind: "MustacheTemplate",
        causes: [{ reason: "FieldValueInvalid", field: "spec.a", message: "must be a string, not a list" }],
      },
    });
  });

  test("422 of an object without a name", () => {
    const subject = { group: "", kind: "", name: "" };
    expect(write({ ...denied, code: 422, causes }, { subject }).response.status?.details).toEqual({
      causes: [{ reason: "FieldValueInvalid", field: "spec.a", message: "must be a string, not a list" }],
    });
  });

  test("causes belong to 422 alone", () => {
    expect(write({ ...denied, causes }).response.status).not.toHaveProperty("details");
  });
});

describe("enforcement", () => {
  test("in audit mode a denial is an annotation", () => {
    const { response } = write({ ...denied, enforcement: "audit", warnings: ["audit (not enforced): why"] });
    expect(response).toEqual({
      uid: "705ab4f5",
      allowed: true,
      warnings: ["audit (not enforced): why"],
      auditAnnotations: {
        ...annotations,
        decision: "denied",
        reason: "forbidden",
        effective: "",
        enforcement: "audit",
      },
    });
  });

  test("switched off, the annotation says so", () => {
    const { response } = write({ decision: "skipped", reason: "enforcement-off", enforcement: "off" });
    expect(response.allowed).toBe(true);
    expect(response.auditAnnotations["enforcement"]).toBe("off");
  });
});

test("of several fields the annotations name one, and how many there are", () => {
  expect(write({ fields: 3 }).response.auditAnnotations).toEqual({ ...annotations, field: "spec.a", fields: "3" });
});

test("everything that people read is printable", () => {
  const odd = "a\u202e\n\u001b[2J";
  const shown = "a\\u202e\\u000a\\u001b[2J";
  const { response } = write(
    {
      ...denied,
      code: 422,
      message: odd,
      requester: odd,
      declared: odd,
      field: odd,
      fields: 2,
      warnings: [odd],
      causes: [{ field: odd, message: odd }],
    },
    { subject: { group: odd, kind: odd, name: odd } },
  );
  expect(response.warnings).toEqual([shown]);
  expect(response.auditAnnotations).toMatchObject({ requester: shown, declared: shown, field: shown });
  expect(response.status).toMatchObject({
    message: shown,
    details: { name: shown, group: shown, kind: shown, causes: [{ field: shown, message: shown }] },
  });
});

test("annotation keys are such as the API server takes", () => {
  const { auditAnnotations } = write({ fields: 2, enforcement: "audit" }).response;
  for (const key of Object.keys(auditAnnotations)) expect(key).toMatch(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
});
