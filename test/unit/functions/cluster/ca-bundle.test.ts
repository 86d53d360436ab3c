import { beforeAll, expect, test } from "vitest";
import { readCaBundle } from "../../../../functions/cluster/ca-bundle.ts";
import { throwAwayCertificates } from "../../../../infra/local/certificates.ts";
import { bundleRows } from "../../../support/ca-bundles.ts";

let ca: string;
let key: string;
beforeAll(async () => {
  ({ ca, key } = await throwAwayCertificates({ hosts: ["localhost"] }));
});

test.each(bundleRows)("a file with $what: Go reads $certificates", ({ pem, certificates, fault }) => {
  const bundle = readCaBundle(pem(ca, key));
  expect(bundle.certificates).toHaveLength(certificates);
  expect(bundle.ignored.slice(0, 1)).toEqual(fault === undefined ? [] : [fault]);
});

test("certificates are written as plain PEM again", () => {
  expect(readCaBundle(`# note\r\n${ca.replaceAll("\n", "\r\n")}`).certificates.join("")).toBe(ca);
});
