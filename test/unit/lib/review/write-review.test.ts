import { describe, expect, test } from "vitest";
import { type AdmissionReview, type Outcome, writeReview } from "../../../../lib/index.ts";

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

describe("an author makes no answer longer than it may be", () => {
  const long = (most: number) => "x".repeat(most + 1);
  const shown = (most: number) => `${"x".repeat(most)}... (${most + 1} characters)`;

  test("annotations, warnings and causes hold 1,024 characters of a text, a message 4,096", () => {
    const { response } = write(
      {
        ...denied,
        code: 422,
        message: long(4_096),
        requester: long(1_024),
        declared: long(1_024),
        field: long(1_024),
        fields: 2,
        warnings: [long(1_024)],
        causes: [{ field: long(1_024), message: long(1_024) }],
      },
      { subject: { group: long(1_024), kind: long(1_024), name: long(1_024) } },
    );
    const text = shown(1_024);
    expect(response.warnings).toEqual([text]);
    expect(response.auditAnnotations).toMatchObject({ requester: text, declared: text, field: text });
    expect(response.status).toMatchObject({
      message: shown(4_096),
      details: { name: text, group: text, kind: text, causes: [{ field: text, message: text }] },
    });
  });

  test("a text is cut before it is made printable, so that it is told whole up to there", () => {
    const { response } = write({ warnings: ["\u202e".repeat(1_024)] });
    expect(response.warnings).toEqual(["\\u202e".repeat(1_024)]);
  });

  test("16 warnings, and how many more there were", () => {
    const warnings = (count: number) => Array.from({ length: count }, (_, index) => `warning ${index}`);
    expect(write({ warnings: warnings(16) }).response.warnings).toEqual(warnings(16));
    expect(write({ warnings: warnings(17) }).response.warnings).toEqual([...warnings(16), "and 1 more"]);
    expect(write({ warnings: warnings(1_000) }).response.warnings).toEqual([...warnings(16), "and 984 more"]);
  });

  test("32 causes", () => {
    const causes = Array.from({ length: 40 }, (_, index) => ({ field: `spec.jobs[${index}].runAs`, message: "odd" }));
    const { status } = write({ ...denied, code: 422, causes }).response;
    expect(status?.details?.causes?.map(({ field }) => field)).toEqual(causes.slice(0, 32).map(({ field }) => field));
  });
});

test("annotation keys are such as the API server takes", () => {
  const { auditAnnotations } = write({ fields: 2, enforcement: "audit" }).response;
  for (const key of Object.keys(auditAnnotations)) expect(key).toMatch(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
});
