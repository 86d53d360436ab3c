import { expect, test } from "vitest";
import { reasons } from "../../../lib/decision/verdict.ts";
import { registrations } from "./registrations.ts";
import { outcomeRows } from "./rows/outcomes.ts";
import { verifiedV1, verifiedV1beta1 } from "./rows/verification.ts";
import { table, titleOf } from "./table.ts";

test("every row has a title of its own", () => {
  const titles = table.map(titleOf);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

test("the cases of TestVerifyAdmissionResponse are all there", () => {
  const names = (rows: typeof table) => new Set(rows.map(({ name }) => name)).size;
  expect([names(verifiedV1), names(verifiedV1beta1)]).toEqual([16, 11]);
});

test.for(["mutate", "validate"] as const)("every reason that the library gives has a row on %s", (endpoint) => {
  const own = outcomeRows.filter(({ registration }) => registrations[registration].endpoint === endpoint);
  const told = new Set(own.map(({ expected }) => expected.annotations?.["reason"]));
  expect(reasons.filter((reason) => !told.has(reason))).toEqual([]);
});

test.for([403, 422, 500, 502, 503, 504])("every code of a denial has a row on each endpoint: %i", (code) => {
  const own = outcomeRows.filter(({ expected }) => expected.code === code);
  expect(new Set(own.map(({ registration }) => registration))).toEqual(new Set(["mutate", "validate"]));
});
