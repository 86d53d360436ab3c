import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdmissionResponse, writeReview } from "../../../lib/index.ts";
import { type AnswerGround, startAnswerGround } from "./ground.ts";
import { judgeAnswers } from "./prove.ts";
import type { Row } from "./row.ts";
import { outcomeRows } from "./rows/outcomes.ts";
import { warningRows } from "./rows/warnings.ts";
import { titleOf } from "./table.ts";
import type { Writer } from "./write.ts";

// Wrong on purpose: what an API server makes of such a writer's answers must be seen.

let ground: AnswerGround | undefined;
beforeAll(async () => {
  ground = await startAnswerGround();
});
afterAll(() => ground?.stop());

/** The library's writer with one fault. */
const wrong =
  (change: (response: AdmissionResponse, outcome: Parameters<Writer>[1]) => object): Writer =>
  (review, outcome, base64) => {
    const answer = writeReview(review, outcome, base64);
    return { ...answer, response: { ...answer.response, ...change(answer.response, outcome) } };
  };

const judged = async (rows: readonly Row[], write: Writer) => {
  const { figures, failures } = await judgeAnswers({ ground: ground as AnswerGround, rows, write });
  expect(figures.different).toBe(failures.length);
  return failures;
};

const rowsNamed = (rows: readonly Row[], name: string) => rows.filter((row) => row.name === name);

test("the library's own writer does as the table says", async () => {
  expect(await judged(rowsNamed(outcomeRows, "replaced, forbidden"), writeReview)).toEqual([]);
});

test("a writer that leaves warnings as they are is found out", async () => {
  const rows = rowsNamed(warningRows, "written by us: a tab");
  const write = wrong((_response, { warnings }) => ({ warnings }));
  expect(await judged(rows, write)).toEqual([
    {
      row: "warnings: written by us: a tab (mutate)",
      difference: 'warnings: ["299 - \\"a\\\\\\\\u0009b\\"","299 - \\"c\\""] is expected, ["299 - \\"c\\""] came',
    },
  ]);
});

test("a writer that forgets the patch's type is found out wherever there is a patch", async () => {
  const write = wrong(() => ({ patchType: undefined }));
  const failures = await judged(outcomeRows, write);
  const patched = outcomeRows.filter(({ expected }) => expected.mutated === true);
  expect(failures.map(({ row }) => row)).toEqual(patched.map(titleOf));
  expect(patched.length).toBeGreaterThan(5);
});

test("a writer that refuses without a code is found out wherever something is refused", async () => {
  const write = wrong(({ status, allowed }) => (allowed ? {} : { status: { ...status, code: undefined } }));
  const failures = await judged(outcomeRows, write);
  const refused = outcomeRows.filter(({ expected }) => expected.code >= 400);
  expect(failures.map(({ row }) => row)).toEqual(refused.map(titleOf));
});
