import { expect, test } from "vitest";
import { readOwnAuthority } from "../../../../functions/certificates/own-authority.ts";
import { newAuthority } from "../../../../infra/local/certificates.ts";
import { makeCertificate } from "../../../support/made-certificate.ts";

const direct = { subject: "CN=own", ca: 0 } as const;

test("a CA that issues directly is taken, and so are two", async () => {
  const [one, two] = [await makeCertificate(direct), await newAuthority()];
  expect(readOwnAuthority(one.cert)).toHaveLength(1);
  expect(readOwnAuthority(`${one.cert}${two.ca}`)).toHaveLength(2);
});

test.each([
  [
    "a CA without a path length",
    { subject: "CN=own,O=a", ca: true },
    'the certificate "CN=own, O=a" is not a CA with pathlen:0',
  ],
  ["a CA that can have an intermediate", { subject: "CN=own", ca: 1 }, "is not a CA with pathlen:0"],
  ["no CA", { subject: "CN=own" }, "is not a CA with pathlen:0"],
  ["a CA that has expired", { ...direct, notAfter: new Date(Date.now() - 1_000) }, "has expired"],
])("%s is refused", async (_what, wanted, sentence) => {
  const { cert } = await makeCertificate(wanted);
  expect(() => readOwnAuthority(cert)).toThrow(sentence);
  const good = await makeCertificate(direct);
  expect(() => readOwnAuthority(`${good.cert}${cert}`)).toThrow(sentence);
});

test.each([
  ["", "there is no PEM certificate"],
  ["text", "there is no PEM certificate"],
  ["-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n", "a certificate cannot be parsed"],
])("%j is refused", (pem, sentence) => {
  expect(() => readOwnAuthority(pem)).toThrow(sentence);
});
