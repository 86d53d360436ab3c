import type { AdmissionReviewAnswer } from "../../../../lib/index.ts";
import { callFailed, created, denied, notCalled, said } from "../expected.ts";
import type { RegistrationName } from "../registrations.ts";
import type { Expected, Reply, Row } from "../row.ts";

/*
 * Everything that the fake webhook of the API server's own tests answers (k8s.io/apiserver pkg/admission/plugin/webhook/testing/
 * webhook_server.go), registered in the ways that matter there (testcase.go): with Fail, with Ignore, with no failure policy at all. Where
 * it is a review, ours is what is altered. What testcase.go has besides, selectors and rules that do not match, webhooks without a client
 * configuration, panics of the API server itself, has no answer in it; side effects that forbid dry runs cannot be registered by v1.
 */

const own = { spec: { clusterAuth: { impersonateUser: "bob" } } };
const self = said("self", "requester", "bob", "bob");
const fields = { request: own } as const;

type Rest = Omit<Row, "class" | "name" | "registration">;

const on = (registration: RegistrationName, name: string, rest: Rest): Row => ({
  class: "the answers of the API server's fake webhook",
  name,
  registration,
  ...rest,
});

/** The same on both endpoints. */
const either = (name: string, rest: Rest, suffix = ""): readonly Row[] => [
  on(`mutate${suffix}` as RegistrationName, name, rest),
  on(`validate${suffix}` as RegistrationName, name, rest),
];

const text =
  (status: number, body: string): (() => Reply) =>
  () => ({ status, headers: { "content-type": "text/plain; charset=utf-8" }, body });

/** A failure with Fail, with no policy, which is Fail, and with Ignore. */
const failing = (name: string, rest: Omit<Rest, "expected">, refused: Expected, more: Partial<Expected> = {}) => [
  ...either(name, { ...fields, ...rest, expected: refused }),
  ...either(`${name}, and no failure policy`, { ...fields, ...rest, expected: refused }, "-unset"),
  ...either(
    `${name}, fail open`,
    { ...fields, ...rest, expected: created("bob", { ...more, failedOpen: true }) },
    "-ignore",
  ),
];

const refusing =
  (status: object) =>
  ({ response, ...answer }: AdmissionReviewAnswer) => ({
    ...answer,
    response: { ...response, allowed: false, status: { metadata: {}, ...status } },
  });

const annotated =
  (auditAnnotations: Readonly<Record<string, string>>) =>
  ({ response, ...answer }: AdmissionReviewAnswer) => ({ ...answer, response: { ...response, auditAnnotations } });

const patched =
  (patch: string) =>
  ({ response, ...answer }: AdmissionReviewAnswer) => ({
    ...answer,
    response: { ...response, patch: Buffer.from(patch).toString("base64"), patchType: "JSONPatch" },
  });

const later = (body: string): Reply => ({ body, afterMilliseconds: 6_000 });
const deadline = 'Post "{url}": context deadline exceeded';

const notJson =
  "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct " +
  '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

export const fakeWebhookRows: readonly Row[] = [
  ...failing(
    "internalErr",
    { reply: text(500, "webhook internal server error\n") },
    notCalled('an error on the server ("webhook internal server error") has prevented the request from succeeding'),
  ),
  ...failing(
    "invalidReq",
    { reply: () => ({ raw: "HTTP/1.1 101 Switching Protocols\r\n\r\n" }) },
    notCalled("0-length response with status code: 101 and content type: application/json"),
  ),
  ...failing("invalidResp", { reply: () => ({ body: "webhook invalid response" }) }, notCalled(notJson)),
  ...either("disallow", {
    ...fields,
    altered: refusing({ code: 403 }),
    expected: denied(403, { message: " without explanation" }, self),
  }),
  ...either("disallowReason", {
    ...fields,
    altered: refusing({ code: 403, message: "you shall not pass" }),
    expected: denied(403, { message: ": you shall not pass" }, self),
  }),
  ...either("shouldNotBeCalled", {
    ...fields,
    altered: refusing({ code: 403, message: "doesn't expect labels to match object selector" }),
    expected: denied(403, { message: ": doesn't expect labels to match object selector" }, self),
  }),
  ...either("allow", {
    ...fields,
    altered: annotated({ key1: "value1" }),
    expected: created("bob", { annotations: { key1: "value1" } }),
  }),
  ...either("allow, dry run", {
    request: { ...own, query: "?dryRun=All" },
    altered: annotated({ key1: "value1" }),
    expected: created("bob", { annotations: { key1: "value1" } }),
  }),
  on("mutate", "removeLabel", {
    request: { ...own, labels: { "crd.name": "my-test-crd", remove: "me" } },
    altered: patched('[{"op": "remove", "path": "/metadata/labels/remove"}]'),
    expected: created("bob", { ...self, labels: { "crd.name": "my-test-crd" }, mutated: true }),
  }),
  on("mutate", "addLabel", {
    request: { ...own, labels: { "crd.name": "my-test-crd" } },
    altered: patched('[{"op": "add", "path": "/metadata/labels/added", "value": "test"}]'),
    expected: created("bob", { ...self, labels: { "crd.name": "my-test-crd", added: "test" }, mutated: true }),
  }),
  on("mutate", "invalidPatch", {
    ...fields,
    altered: patched("[{"),
    expected: callFailed("received undecodable patch in webhook response: unexpected end of JSON input", self),
  }),
  on("mutate-ignore", "invalidPatch, fail open", {
    ...fields,
    altered: patched("[{"),
    expected: created("bob", { ...self, failedOpen: true }),
  }),
  on("mutate", "invalidMutation", {
    ...fields,
    altered: patched('[{"op": "add", "CORRUPTED_KEY":}]'),
    expected: callFailed(
      "received undecodable patch in webhook response: invalid character '}' looking for beginning of value",
      self,
    ),
  }),
  ...failing(
    "nonStatusError",
    { reply: () => ({ raw: "bad-http" }) },
    notCalled('Post "{url}": net/http: HTTP/1.x transport connection broken: malformed HTTP response "bad-http"'),
  ),
  ...failing(
    "nilResponse",
    { altered: ({ apiVersion, kind }) => ({ apiVersion, kind }) },
    callFailed("received invalid webhook response: webhook response was absent"),
  ),
  ...either("invalidAnnotation", {
    ...fields,
    altered: annotated({ "invalid*key": "value1" }),
    expected: created("bob"),
  }),
  ...either("noop", {
    ...fields,
    altered: ({ response: { uid }, ...answer }) => ({ ...answer, response: { uid, allowed: true } }),
    expected: created("bob"),
  }),
  ...failing(
    "a path that it does not know",
    { reply: text(404, "404 page not found\n") },
    notCalled("the server could not find the requested resource"),
  ),
  ...either("allow, too late", { ...fields, reply: later, expected: notCalled(deadline) }, "-soon"),
  ...either(
    "allow, too late, fail open",
    { ...fields, reply: later, expected: created("bob", { failedOpen: true }) },
    "-soon-ignore",
  ),
  ...either(
    "disallow, too late",
    { altered: refusing({ code: 403 }), reply: later, expected: notCalled(deadline) },
    "-soon",
  ),
  ...either(
    "disallow, too late, fail open",
    { altered: refusing({ code: 403 }), reply: later, expected: created("carl", { failedOpen: true }) },
    "-soon-ignore",
  ),
];
