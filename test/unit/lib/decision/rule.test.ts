import { describe, expect, test } from "vitest";
import { reasons } from "../../../../lib/decision/verdict.ts";
import type { Endpoint } from "../../../../lib/index.ts";
import {
  decide,
  expectSound,
  type Given,
  hasFieldInStatus,
  hasStatusWriters,
  isAboutStatus,
  patched,
  withStatusAs,
} from "./given.ts";
import type { Row } from "./row.ts";
import { expected, outcomeOf, rows, tables } from "./rule-table.ts";

describe.each(Object.entries(tables))("%s", (_, table) => {
  test.each(table.map((row) => [row.when, row] as const))("%s", (_, row) => {
    const result = decide(row);
    expectSound(result);
    expect(outcomeOf(result, row)).toEqual(expected(row));
  });
});

test("every row has a name of its own", () => {
  expect(rows.length).toBe(new Set(rows.map(({ when }) => when)).size);
});

test("every reason stands in a row", () => {
  expect([...new Set(rows.map(({ reason }) => reason))].sort()).toEqual([...reasons].sort());
});

const objectOf = ({ objectText, object }: Row): unknown => (objectText === undefined ? object : JSON.parse(objectText));

describe("what holds for every row", () => {
  const enforced = rows.filter(({ policy }) => !policy?.["enforcement"]);

  test.each(enforced.map((row) => [row.when, row] as const))("%s", (_, row) => {
    const mutated = decide({ ...row, endpoint: "mutate" });
    const validated = decide({ ...row, endpoint: "validate" });
    const before = mutated.outcome;
    const after = validated.outcome;

    // Validate never patches, and refuses what mutate refuses or would have to change.
    expect(validated.patch).toEqual([]);
    const isLeftAlone = mutated.response.allowed && mutated.patch.length === 0;
    if (!isLeftAlone) expect(validated.response.allowed).toBe(false);
    expect(validated.questions).toEqual(expect.arrayContaining([...mutated.questions]));

    // Both endpoints agree, except about the status, which mutate does not read.
    if (!isAboutStatus(row)) {
      expect(validated.questions).toEqual(mutated.questions);
      expect(after.reason).toBe(before.reason);
      expect(after.declared).toBe(before.declared);
      expect(validated.response.allowed).toBe(isLeftAlone);
      expect(after.decision).toBe(mutated.patch.length > 0 ? "denied" : before.decision);
    }

    // The same requester may create the patched object.
    if (mutated.patch.length > 0) {
      const object = patched(objectOf(row), mutated.patch);
      const { operation: _, old: __, oldText: ___, objectText: ____, ...rest } = row;
      const again = decide({ ...rest, operation: "CREATE", object });
      expect(again.patch).toEqual([]);
      expect(again.response.allowed).toBe(true);
    }

    // Under `audit` the same questions are asked, and no request is changed or refused. Under `off` no question is asked.
    for (const { endpoint, outcome } of [
      { endpoint: "mutate", outcome: mutated },
      { endpoint: "validate", outcome: validated },
    ] as const) {
      const audited = decide({ ...row, endpoint, policy: { ...row.policy, enforcement: "audit" } });
      expect(audited.questions).toEqual(outcome.questions);
      expect(audited.outcome.reason).toBe(outcome.outcome.reason);
      expect(audited.response.allowed).toBe(true);
      expectSound(audited);
    }
    const off = decide({ ...row, policy: { ...row.policy, enforcement: "off" } });
    expect(off.questions).toEqual([]);
    expect(off.outcome).toMatchObject({ decision: "skipped", reason: "enforcement-off" });
    expectSound(off);
  });
});

describe("the status of the object itself", () => {
  const ofObjects = rows.filter(({ subResource, request }) => !subResource && !request?.["subResource"]);
  const named = (some: readonly Row[]) => some.map((row) => [row.when, row] as const);
  const said = (given: Given, endpoint: Endpoint) => {
    const { questions, response } = decide({ ...given, endpoint });
    return { questions, response };
  };

  test.each(named(ofObjects.filter(({ objectText }) => objectText === undefined)))(
    "is nothing to mutate: %s",
    (_, row) => {
      expect(said(row, "mutate")).toEqual(said(withStatusAs(row, undefined), "mutate"));
    },
  );

  test.each(named(ofObjects.filter((row) => !hasFieldInStatus(row) && !hasStatusWriters(row))))(
    "is a member like any to validate: %s",
    (_, row) => {
      expect(said(row, "validate")).toEqual(said(withStatusAs(row, "state"), "validate"));
    },
  );
});
