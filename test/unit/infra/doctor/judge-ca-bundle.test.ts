import { beforeAll, expect, test } from "vitest";
import { judgeCaBundle } from "../../../../infra/doctor/judge-ca-bundle.ts";
import { throwAwayCertificates } from "../../../../infra/local/certificates.ts";

const day = 86_400_000;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
let ca: string;

/** The CA is valid for a year from now. */
beforeAll(async () => {
  ({ ca } = await throwAwayCertificates({ hosts: ["localhost"] }));
});

test.for([
  { when: 0, flaw: undefined },
  { when: 300 * day, flaw: undefined },
  {
    when: 350 * day,
    flaw: { severe: false, problem: expect.stringMatching(/^expires on \d{4}-\d\d-\d\d, in 1[45] days$/) },
  },
  { when: 370 * day, flaw: { severe: true, problem: expect.stringMatching(/^expired on \d{4}-\d\d-\d\d$/) } },
  { when: -2 * day, flaw: { severe: true, problem: "is not valid yet" } },
])("$when ms from now", ({ when, flaw }) => {
  expect(judgeCaBundle(base64(ca), Date.now() + when).flaw).toEqual(flaw);
});

test("a bundle is valid while one of its certificates is", () => {
  expect(judgeCaBundle(base64(`# old\n${ca}\n# new\n${ca}`), Date.now())).toMatchObject({ flaw: undefined });
});

test.for([
  ["", "nothing"],
  [base64("no certificate"), "a text"],
  ["%%%", "no base64"],
] as const)("%# %s", ([bundle]) => {
  expect(judgeCaBundle(bundle, Date.now()).flaw).toEqual({ severe: true, problem: "contains no PEM certificate" });
});

test("a certificate that the API server ignores is a failure where it is the only one, and otherwise a warning", () => {
  const problem =
    'contains text that the API server ignores: "BEGIN CERTIFICATE" does not begin its line: a byte order mark is before it';
  expect(judgeCaBundle(base64(`\ufeff${ca}`), Date.now()).flaw).toEqual({ severe: true, problem });
  expect(judgeCaBundle(base64(`\ufeff${ca}${ca}`), Date.now()).flaw).toEqual({ severe: false, problem });
});
