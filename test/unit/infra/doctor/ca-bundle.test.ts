import { beforeAll, expect, test } from "vitest";
import { judgeCaBundle } from "../../../../infra/doctor/ca-bundle.ts";
import { throwAwayCertificates } from "../../../../infra/local/certificates.ts";

const day = 86_400_000;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
let ca: string;

/** It is good for a year from now. */
beforeAll(async () => {
  ({ ca } = await throwAwayCertificates({ hosts: ["localhost"] }));
});

test.for([
  { when: 0, flaw: undefined },
  { when: 300 * day, flaw: undefined },
  {
    when: 350 * day,
    flaw: { grave: false, problem: expect.stringMatching(/^expires on \d{4}-\d\d-\d\d, in 1[45] days$/) },
  },
  { when: 370 * day, flaw: { grave: true, problem: expect.stringMatching(/^expired on \d{4}-\d\d-\d\d$/) } },
  { when: -2 * day, flaw: { grave: true, problem: "is not valid yet" } },
])("$when ms from now", ({ when, flaw }) => {
  expect(judgeCaBundle(base64(ca), Date.now() + when).flaw).toEqual(flaw);
});

test("several certificates are good while one of them is", () => {
  expect(judgeCaBundle(base64(`# old\n${ca}\n# new\n${ca}`), Date.now())).toMatchObject({ flaw: undefined });
});

test.for([
  ["", "nothing"],
  [base64("no certificate"), "a text"],
  ["%%%", "no base64"],
] as const)("%# %s", ([bundle]) => {
  expect(judgeCaBundle(bundle, Date.now()).flaw).toEqual({ grave: true, problem: "contains no PEM certificate" });
});

test("a certificate that the API server passes over is a failure where there is no other, and else to be looked at", () => {
  const problem =
    'contains text that the API server ignores: "BEGIN CERTIFICATE" does not begin its line: a byte order mark is before it';
  expect(judgeCaBundle(base64(`\ufeff${ca}`), Date.now()).flaw).toEqual({ grave: true, problem });
  expect(judgeCaBundle(base64(`\ufeff${ca}${ca}`), Date.now()).flaw).toEqual({ grave: false, problem });
});
