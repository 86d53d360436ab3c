import assert from "node:assert/strict";
import type { AdmissionResponse, Outcome } from "../../lib/index.ts";

const annotationKeys = ["decision", "reason", "requester", "declared", "effective"];
/** Characters that a terminal or a header would obey. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The longest text, with the note about its length: the author of an object chooses its names. */
const longestText = 1_100;
const longestMessage = 4_200;
/** The readable text: an escape stands for one character. */
const shownOf = (text: string): string => text.replace(/\\u[0-9a-f]{4}/g, ".");

/** Asserts what every answer to a review has in common. Throws an AssertionError that names the broken rule. */
export const assertSound = (uid: string, outcome: Outcome, response: AdmissionResponse): void => {
  const { allowed, status, patch, patchType, warnings = [], auditAnnotations } = response;
  assert.equal(response.uid, uid, "the uid comes back");
  assert.equal(typeof allowed, "boolean", "allowed has its type");
  for (const key of annotationKeys) assert.ok(Object.hasOwn(auditAnnotations, key), `there is an annotation ${key}`);
  const causes = status?.details?.causes ?? [];
  const told = [
    ...Object.values(auditAnnotations),
    ...warnings,
    status?.message ?? "",
    ...causes.flatMap(({ field, message }) => [field, message]),
  ];
  for (const text of told) {
    assert.equal(typeof text, "string", "what is told is text");
    assert.ok(!unprintable.test(text), `a text can be printed: ${JSON.stringify(text)}`);
    const most = text === status?.message ? longestMessage : longestText;
    assert.ok(shownOf(text).length <= most, `what is told is short, not ${text.length} characters`);
  }
  assert.ok(warnings.length <= 17 && causes.length <= 32, "what is told is not much");
  assert.equal(patch === undefined, patchType === undefined, "a patch and its type come together");
  assert.ok(
    !/retryAfterSeconds|"redirect/.test(JSON.stringify(response)),
    "no answer redirects, or asks for another attempt",
  );
  if (allowed) assert.equal(status, undefined, "an admission has no status");
  else {
    assert.equal(patch, undefined, "a denial has no patch");
    assert.ok([403, 422, 500, 502, 503, 504].includes(status?.code ?? 0), `a denial has a code, not ${status?.code}`);
    assert.equal(status?.status, "Failure");
    assert.ok(status?.message, "a denial has a message");
    assert.equal(status?.code === 422, causes.length > 0, "422 has causes, and nothing else has");
  }
  if (outcome.enforcement !== "enforce") assert.equal(patch, undefined, "what is not enforced patches nothing");
  const refuses = outcome.enforcement === "enforce" && outcome.decision === "denied";
  assert.equal(allowed, !refuses, "what is denied, and only that, is refused where the policy is enforced");
};
