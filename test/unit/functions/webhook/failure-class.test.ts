import { describe, expect, test } from "vitest";
import { type Failure, failureOf, failures } from "../../../../functions/webhook/failure-class.ts";
import type { DenialCode, Reason } from "../../../../lib/decision/index.ts";
import type { Answer, NoAnswer } from "../../../../lib/question/index.ts";

/** Every reason with the codes that a denial for it may have, and the class that is counted. The compiler keeps this list complete. */
const rows: Readonly<Record<Reason, readonly (readonly [code: DenialCode | 200, failure: Failure | undefined])[]>> = {
  "enforcement-off": [[200, undefined]],
  operation: [[200, undefined]],
  subresource: [[200, undefined]],
  unchanged: [[200, undefined]],
  "status-writer": [[200, undefined]],
  "no-field": [[200, undefined]],
  requester: [[200, undefined]],
  "may-impersonate": [[200, undefined]],
  "trusted-writer": [[200, undefined]],
  "empty-allowed": [[200, undefined]],
  unprivileged: [[200, undefined]],
  empty: [
    [200, undefined],
    [403, undefined],
  ],
  forbidden: [
    [200, undefined],
    [403, undefined],
  ],
  inherited: [
    [200, undefined],
    [403, undefined],
  ],
  "privileged-requester": [[403, undefined]],
  "narrowed-requester": [[403, undefined]],
  "unsafe-requester": [[422, undefined]],
  "unsafe-name": [[422, undefined]],
  "not-a-string": [[422, undefined]],
  "parent-not-an-object": [[422, undefined]],
  "letter-case": [[422, undefined]],
  "foreign-kind": [[422, undefined]],
  "too-many-identities": [[422, undefined]],
  "uncovered-resource": [[403, "resource-uncovered"]],
  "malformed-review": [[500, "review-unjudgeable"]],
  "no-requester": [[500, "review-unjudgeable"]],
  "no-object": [[500, "review-unjudgeable"]],
  "no-old-object": [[500, "review-unjudgeable"]],
  "no-answer": [
    [502, "answer-unusable"],
    [503, "cluster-unreachable"],
    [504, "cluster-late"],
  ],
};

describe("a decision", () => {
  test.each(
    Object.entries(rows).flatMap(([reason, cases]) =>
      cases.map(([code, failure]) => [reason as Reason, code, failure] as const),
    ),
  )("%s, %d is counted as %s", (reason, code, failure) => {
    expect(failureOf({ reason, code }, [])).toBe(failure);
  });
});

describe("a missing answer is counted, whatever else was decided", () => {
  const byCode: Readonly<Record<NoAnswer["code"], Failure>> = {
    502: "answer-unusable",
    503: "cluster-unreachable",
    504: "cluster-late",
  };
  const no: Answer = { allowed: false, reason: "" };

  test.each(Object.entries(byCode))("%s as %s", (code, failure) => {
    const unanswered = { code: Number(code) as NoAnswer["code"], failure: "why" };
    expect(failureOf({ reason: "forbidden", code: 403 }, [no, unanswered])).toBe(failure);
    expect(failureOf({ reason: "no-answer", code: unanswered.code }, [unanswered])).toBe(failure);
  });

  test("an answer is no failure, even if it is no", () => {
    expect(failureOf({ reason: "forbidden", code: 403 }, [no, { allowed: true, reason: "" }])).toBeUndefined();
  });
});

test("every class is counted, except those that have no verdict of the rule", () => {
  const counted = new Set(Object.values(rows).flatMap((cases) => cases.map(([, failure]) => failure)));
  expect(failures.filter((failure) => !counted.has(failure))).toEqual(["registry-outdated", "fault"]);
});
