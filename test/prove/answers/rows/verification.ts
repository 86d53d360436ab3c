import type { AdmissionReviewAnswer } from "../../../../lib/index.ts";
import { callFailed, created, denied, internalError, invalidResponse, notCalled, said } from "../expected.ts";
import type { RegistrationName } from "../registrations.ts";
import type { Class, Expected, Row } from "../row.ts";

/*
 * The 27 cases of TestVerifyAdmissionResponse (k8s.io/apiserver pkg/admission/plugin/webhook/request/admissionreview_test.go, the same in
 * 0.34, 0.35 and 0.36), each as an answer of ours that is altered as the case says. That test calls the verification alone, with typed
 * objects; here the API server decodes the answer first, and where that is what refuses it, the row says so. A case that the
 * verification judges alike on both endpoints stands here for both.
 */

type Altered = (answer: AdmissionReviewAnswer) => unknown;

/** Members of the response that are replaced, or taken out with undefined. */
const response =
  (members: Readonly<Record<string, unknown>>): Altered =>
  (answer) => ({ ...answer, response: { ...answer.response, ...members } });
const review =
  (members: Readonly<Record<string, unknown>>): Altered =>
  (answer) => ({ ...answer, ...members });
/** The v1beta1 cases have no type, and no uid where they do not name one. */
const untyped = { apiVersion: undefined, kind: undefined };
const both =
  (...steps: readonly Altered[]): Altered =>
  (answer) =>
    steps.reduce<unknown>((rest, step) => step(rest as AdmissionReviewAnswer), answer);

const own = { spec: { clusterAuth: { impersonateUser: "bob" } } };
const self = said("self", "requester", "bob", "bob");
const replaced = said("replaced", "forbidden", "carl", "bob");
const refused = said("denied", "forbidden", "carl", "");
const warnings = [
  '299 - "spec.clusterAuth.impersonateUser: \\"carl\\" replaced by \\"bob\\", who may not impersonate it"',
];
const patched = { ...replaced, warnings, mutated: true };
const unpatched = { ...replaced, warnings };

const denying = { policy: { targets: [{ preset: "razee", onForbidden: "deny" }] } } as const;
const foo = { status: "Failure", message: "Foo", code: 401 };

const rowsOf = (of: Class, prefix: string, suffix: string) => {
  const row = (name: string, registration: RegistrationName, rest: Omit<Row, "class" | "name" | "registration">) => [
    { class: of, name: `${prefix}${name}`, registration, ...rest },
  ];
  const mutating = (name: string, rest: Omit<Row, "class" | "name" | "registration">): readonly Row[] =>
    row(name, `mutate${suffix}` as RegistrationName, rest);
  const validating = (name: string, rest: Omit<Row, "class" | "name" | "registration">): readonly Row[] =>
    row(name, `validate${suffix}` as RegistrationName, rest);
  return {
    mutating,
    validating,
    either: (name: string, rest: Omit<Row, "class" | "name" | "registration">): readonly Row[] => [
      ...mutating(name, rest),
      ...validating(name, rest),
    ],
  };
};

/** What bob may do, altered. */
const allowed = (altered: Altered, expected: Expected) => ({ request: own, altered, expected });
/** What bob's declaration of carl is answered with, altered. */
const forbidden = (altered: Altered, expected: Expected) => ({ altered, expected });

const v1 = rowsOf("TestVerifyAdmissionResponse, v1", "v1 ", "");

export const verifiedV1: readonly Row[] = [
  ...v1.validating("allowed validating", { request: own, expected: created("bob", self) }),
  ...v1.mutating("allowed mutating", { request: own, expected: created("bob", self) }),
  ...v1.either(
    "auditAnnotations",
    allowed(response({ auditAnnotations: { foo: "bar" } }), created("bob", { annotations: { foo: "bar" } })),
  ),
  ...v1.mutating("patch", { expected: created("bob", patched) }),
  ...v1.either("result", {
    decided: denying,
    altered: response({ status: foo }),
    expected: denied(401, { message: ": Foo" }, refused),
  }),
  ...v1.either("no response", allowed(review({ response: undefined }), invalidResponse("webhook response was absent"))),
  // The codec knows neither this group nor this version nor this kind, so the verification never sees them.
  ...v1.either(
    "wrong group",
    allowed(
      review({ apiVersion: "admission.k8s.io2/v1" }),
      notCalled('no kind "AdmissionReview" is registered for version "admission.k8s.io2/v1" in scheme {scheme}'),
    ),
  ),
  ...v1.either(
    "wrong version",
    allowed(
      review({ apiVersion: "admission.k8s.io/v2" }),
      notCalled('no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" in scheme {scheme}'),
    ),
  ),
  ...v1.either(
    "wrong kind",
    allowed(
      review({ kind: "AdmissionReview2" }),
      notCalled('no kind "AdmissionReview2" is registered for version "admission.k8s.io/v1" in scheme {scheme}'),
    ),
  ),
  ...v1.either(
    "wrong uid",
    allowed(
      (answer) => response({ uid: `${answer.response.uid}4` })(answer),
      invalidResponse('expected response.uid="{uid}", got "{uid}4"'),
    ),
  ),
  ...v1.mutating(
    "patch without patch type",
    forbidden(
      response({ patchType: undefined }),
      invalidResponse("webhook returned response.patch but not response.patchType"),
    ),
  ),
  ...v1.mutating(
    "patch type without patch",
    forbidden(
      response({ patch: undefined }),
      invalidResponse("webhook returned response.patchType but not response.patch"),
    ),
  ),
  ...v1.mutating(
    "empty patch type",
    forbidden(response({ patchType: "" }), invalidResponse('webhook returned invalid response.patchType of ""')),
  ),
  // The verification lets it pass; the dispatcher does not (mutating/dispatcher.go), and by then warnings and annotations count.
  ...v1.mutating(
    "invalid patch type",
    forbidden(response({ patchType: "Foo" }), callFailed('unsupported patch type "Foo"', unpatched)),
  ),
  ...v1.validating(
    "patch for validating webhook",
    allowed(response({ patch: "W10=" }), invalidResponse("validating webhook may not return response.patch")),
  ),
  ...v1.validating(
    "patch type for validating webhook",
    allowed(response({ patchType: "Foo" }), invalidResponse("validating webhook may not return response.patchType")),
  ),
];

const v1beta1 = rowsOf("TestVerifyAdmissionResponse, v1beta1", "v1beta1 ", "-v1beta1");
const uidless = both(review(untyped), response({ uid: undefined }));

export const verifiedV1beta1: readonly Row[] = [
  ...v1beta1.validating("allowed validating", allowed(uidless, created("bob", self))),
  ...v1beta1.mutating("allowed mutating", allowed(uidless, created("bob", self))),
  ...v1beta1.either(
    "auditAnnotations",
    allowed(
      both(uidless, response({ auditAnnotations: { foo: "bar" } })),
      created("bob", { annotations: { foo: "bar" } }),
    ),
  ),
  ...v1beta1.mutating("patch", forbidden(both(uidless, response({ patchType: undefined })), created("bob", patched))),
  ...v1beta1.either("result", {
    decided: denying,
    altered: both(uidless, response({ status: foo })),
    expected: denied(401, { message: ": Foo" }, refused),
  }),
  ...v1beta1.either(
    "no response",
    allowed(both(review(untyped), review({ response: undefined })), invalidResponse("webhook response was absent")),
  ),
  // The verification takes any type; the codec does not.
  ...v1beta1.either(
    "wrong group/version/kind",
    allowed(
      both(uidless, review({ apiVersion: "admission.k8s.io2/v2", kind: "AdmissionReview2" })),
      notCalled('no kind "AdmissionReview2" is registered for version "admission.k8s.io2/v2" in scheme {scheme}'),
    ),
  ),
  ...v1beta1.either("wrong uid", allowed(both(review(untyped), response({ uid: "1234" })), created("bob", self))),
  ...v1beta1.validating(
    "validating returns patch/patchType",
    allowed(
      both(review(untyped), response({ uid: "1234", patch: "W10=", patchType: "JSONPatch" })),
      created("bob", self),
    ),
  ),
  ...v1beta1.mutating(
    "empty patch type",
    forbidden(both(uidless, response({ patchType: "" })), created("bob", patched)),
  ),
  ...v1beta1.mutating(
    "invalid patchType",
    forbidden(both(uidless, response({ patchType: "Foo" })), created("bob", patched)),
  ),
];

const beyond = rowsOf("verification beyond its cases", "", "");
const beyondV1beta1 = rowsOf("verification beyond its cases", "", "-v1beta1");
const v1Type = "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview";

/** What reaches the verification's own checks over the wire, and what tells our answer to v1 from one to v1beta1. */
export const verifiedBeyond: readonly Row[] = [
  ...beyond.either("no type", allowed(review(untyped), invalidResponse(`${v1Type}, got /, Kind=`))),
  ...beyond.either(
    "no apiVersion",
    allowed(review({ apiVersion: undefined }), invalidResponse(`${v1Type}, got /, Kind=AdmissionReview`)),
  ),
  ...beyond.either(
    "no kind",
    allowed(review({ kind: undefined }), invalidResponse(`${v1Type}, got admission.k8s.io/v1, Kind=`)),
  ),
  ...beyond.either(
    "v1beta1 in answer to v1",
    allowed(
      review({ apiVersion: "admission.k8s.io/v1beta1" }),
      notCalled("converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion"),
    ),
  ),
  ...beyondV1beta1.either(
    "our answer of v1 in answer to v1beta1",
    allowed(
      (answer) => answer,
      notCalled("converting (v1.AdmissionReview) to (v1beta1.AdmissionReview): unknown conversion"),
    ),
  ),
  ...beyond.either(
    "no uid",
    allowed(response({ uid: undefined }), invalidResponse('expected response.uid="{uid}", got ""')),
  ),
  ...beyond.either(
    "null in place of the response",
    allowed(review({ response: null }), invalidResponse("webhook response was absent")),
  ),
  // Nothing is refused of a denial's patch: it is not looked at.
  ...beyond.mutating("a denial with a patch", {
    decided: denying,
    altered: response({ patch: "W10=", patchType: "JSONPatch" }),
    expected: denied(
      403,
      {
        reason: "Forbidden",
        message:
          ': spec.clusterAuth.impersonateUser: bob may not impersonate "carl"; get the permission to impersonate users/carl',
      },
      refused,
    ),
  }),
  ...beyond.either(
    "allowed is a text",
    allowed(
      response({ allowed: "true" }),
      notCalled("json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool"),
    ),
  ),
  ...beyond.either(
    "no allowed",
    allowed(response({ allowed: undefined }), denied(400, { message: " without explanation" }, self)),
  ),
  ...beyond.mutating(
    "a patch that does not apply",
    forbidden(
      response({ patch: Buffer.from('[{"op":"add","path":"/spec/nobody/here","value":1}]').toString("base64") }),
      internalError('add operation does not apply: doc is missing path: "/spec/nobody/here": missing value', unpatched),
    ),
  ),
];
