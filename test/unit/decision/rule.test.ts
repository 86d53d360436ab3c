import { describe, expect, test } from "vitest";
import { reasons } from "../../../lib/decision/verdict.ts";
import { formatQuestion } from "../../../lib/index.ts";
import { decide, expectSound, patched, type Result } from "./given.ts";
import type { Row } from "./row.ts";
import * as fields from "./table/fields.ts";
import * as identities from "./table/identities.ts";
import * as reviews from "./table/reviews.ts";
import * as values from "./table/values.ts";

const tables: Readonly<Record<string, readonly Row[]>> = { ...identities, ...values, ...reviews, ...fields };
const rows = Object.values(tables).flat();

/** What came of a row, in the row's own words. */
const outcomeOf = ({ questions, response, outcome, patch }: Result, { says }: Row) => {
  const { status, warnings = [], auditAnnotations } = response;
  const { decision, reason, declared, effective, field, fields } = auditAnnotations;
  return {
    asked: questions.map(formatQuestion),
    decision,
    reason,
    declared,
    effective,
    field,
    fields,
    code: status?.code,
    says: status?.message ?? (says === undefined ? undefined : outcome.message),
    causes: status?.details?.causes.map(({ field, message }) => ({ field, message })),
    warns: warnings,
    patch,
  };
};

const expected = ({ asked = {}, declared = "", effective = "", warns = [], patch = [], ...row }: Row) => ({
  asked: Object.keys(asked),
  decision: row.decision,
  reason: row.reason,
  declared,
  effective,
  field: row.field,
  fields: row.fields,
  code: row.code,
  says: row.says,
  causes: row.causes,
  warns,
  patch,
});

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

    // Both endpoints ask the same; the validating one admits exactly what the other leaves alone.
    expect(validated.questions).toEqual(mutated.questions);
    expect(validated.patch).toEqual([]);
    expect(after.reason).toBe(before.reason);
    expect(after.declared).toBe(before.declared);
    expect(validated.response.allowed).toBe(mutated.response.allowed && mutated.patch.length === 0);
    expect(after.decision).toBe(mutated.patch.length > 0 ? "denied" : before.decision);

    // What was patched is what the same requester may create.
    if (mutated.patch.length > 0) {
      const object = patched(objectOf(row), mutated.patch);
      const { operation: _, old: __, oldText: ___, objectText: ____, ...rest } = row;
      const again = decide({ ...rest, operation: "CREATE", object });
      expect(again.patch).toEqual([]);
      expect(again.response.allowed).toBe(true);
    }

    // Audit mode asks the same, and does nothing; switched off, nothing is asked.
    const audited = decide({ ...row, policy: { ...row.policy, enforcement: "audit" } });
    expect(audited.questions).toEqual(mutated.questions);
    expect(audited.outcome.reason).toBe(before.reason);
    expectSound(audited);
    const off = decide({ ...row, policy: { ...row.policy, enforcement: "off" } });
    expect(off.questions).toEqual([]);
    expect(off.outcome).toMatchObject({ decision: "skipped", reason: "enforcement-off" });
    expectSound(off);
  });
});
