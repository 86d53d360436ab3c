import type { AdmissionReviewAnswer } from "../../../../lib/index.ts";
import { created, done, internalError, invalidResponse, notCalled, said } from "../expected.ts";
import type { Row } from "../row.ts";

/*
 * What the API server does with a patch (k8s.io/apiserver pkg/admission/plugin/webhook/mutating/dispatcher.go and
 * gopkg.in/evanphx/json-patch.v4): why ours is made of what is really there. One that does not apply is refused whatever the failure
 * policy, in words that name no webhook.
 */

const replaced = said("replaced", "forbidden", "carl", "bob");
const warnings = [
  '299 - "spec.clusterAuth.impersonateUser: \\"carl\\" replaced by \\"bob\\", who may not impersonate it"',
];
const unpatched = { ...replaced, warnings };
const patched = { ...unpatched, mutated: true };

const withPatch =
  (patch: unknown) =>
  ({ response, ...answer }: AdmissionReviewAnswer) => ({
    ...answer,
    response: { ...response, patch, patchType: "JSONPatch" },
  });
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const on = (
  registration: "mutate" | "mutate-ignore",
  name: string,
  rest: Omit<Row, "class" | "name" | "registration">,
): Row => ({ class: "patches", name, registration, ...rest });

/** One operation in place of ours, with either failure policy. */
const operation = (name: string, json: string, expected: Row["expected"]): readonly Row[] =>
  (["mutate", "mutate-ignore"] as const).map((registration) =>
    on(registration, name, { altered: withPatch(base64(`[${json}]`)), expected }),
  );

const field = "/spec/clusterAuth/impersonateUser";

export const patchRows: readonly Row[] = [
  on("mutate", "ours", { expected: created("bob", patched) }),
  on("mutate-ignore", "ours, where the failure policy is Ignore", { expected: created("bob", patched) }),
  ...operation(
    "of a parent that is not there",
    '{"op":"add","path":"/spec/nobody/here","value":1}',
    internalError('add operation does not apply: doc is missing path: "/spec/nobody/here": missing value', unpatched),
  ),
  ...operation(
    "that removes a missing member",
    '{"op":"remove","path":"/spec/nobody"}',
    internalError(
      "error in remove for path: '/spec/nobody': Unable to remove nonexistent key: nobody: missing value",
      unpatched,
    ),
  ),
  ...operation(
    "that tests, and finds something else",
    `{"op":"test","path":"${field}","value":"dora"}`,
    internalError(`testing value ${field} failed: test failed`, unpatched),
  ),
  ...operation(
    "of an unknown operation",
    `{"op":"merge","path":"${field}","value":"bob"}`,
    internalError("Unexpected kind: merge", unpatched),
  ),
  // An add, whatever it is called.
  ...operation(
    "that replaces a missing member",
    '{"op":"replace","path":"/metadata/labels","value":{"a":"b"}}',
    created("carl", { ...patched, labels: { a: "b" } }),
  ),
  // The first part of the path is taken for what stands before its slash.
  ...operation(
    "that misses its first slash",
    `{"op":"add","path":"${field.slice(1)}","value":"bob"}`,
    internalError(
      'add operation does not apply: doc is missing path: "spec/clusterAuth/impersonateUser": missing value',
      unpatched,
    ),
  ),
  on("mutate", "of no operation", { altered: withPatch(base64("[]")), expected: created("carl", unpatched) }),
  on("mutate", "that is null", { altered: withPatch(base64("null")), expected: created("carl", unpatched) }),
  on("mutate", "that changes nothing", {
    altered: withPatch(base64(`[{"op":"replace","path":"${field}","value":"carl"}]`)),
    expected: created("carl", unpatched),
  }),
  on("mutate", "that is not base64", {
    altered: withPatch("W10=!"),
    expected: notCalled("illegal base64 data at input byte 4"),
  }),
  // Go takes a list of numbers for bytes, and here there are none.
  on("mutate", "that is a list", {
    altered: withPatch([]),
    expected: invalidResponse("webhook returned response.patchType but not response.patch"),
  }),
  on("mutate", "of no operation, on DELETE", {
    request: { operation: "DELETE" },
    altered: withPatch(base64("[]")),
    expected: done(undefined, said("skipped", "operation", "", "")),
  }),
  on("mutate", "on DELETE", {
    request: { operation: "DELETE" },
    altered: withPatch(base64(`[{"op":"remove","path":"${field}"}]`)),
    expected: internalError(
      'admission webhook "answers.example.com" attempted to modify the object, which is not supported for this operation',
      said("skipped", "operation", "", ""),
    ),
  }),
];
