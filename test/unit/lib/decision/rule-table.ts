import { formatQuestion, type Outcome } from "../../../../lib/index.ts";
import type { Result } from "./given.ts";
import type { Row } from "./row.ts";
import * as fields from "./table/fields.ts";
import * as identities from "./table/identities.ts";
import * as kinds from "./table/kinds.ts";
import * as reviews from "./table/reviews.ts";
import * as standIns from "./table/stand-ins.ts";
import * as status from "./table/status.ts";
import * as subresources from "./table/subresources.ts";
import * as values from "./table/values.ts";

/** Every row of the rule, by the name of its table. */
export const tables: Readonly<Record<string, readonly Row[]>> = {
  ...identities,
  ...values,
  ...reviews,
  ...fields,
  ...kinds,
  ...standIns,
  ...status,
  ...subresources,
};
export const rows = Object.values(tables).flat();

/** The part of a result that a row speaks of; all of it can be sent as JSON. */
export type Told = Omit<Result, "outcome"> & { readonly outcome: Pick<Outcome, "message"> };

/** What came of a row, in the row's own words. */
export const outcomeOf = ({ questions, response, outcome, patch }: Told, { says }: Row) => {
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
    causes: status?.details?.causes?.map(({ field, message }) => ({ field, message })),
    warns: warnings,
    patch,
  };
};

/** What a row says must come of it, in the same words. */
export const expected = ({ asked = {}, declared = "", effective = "", warns = [], patch = [], ...row }: Row) => ({
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
