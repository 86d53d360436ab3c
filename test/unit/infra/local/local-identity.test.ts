import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { certificatesFrom, newAuthority } from "../../../../infra/local/certificates.ts";
import { localIdentity } from "../../../../infra/local/local-identity.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "identity-")), ".local");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

const kept = async () => {
  const identity = await localIdentity(folder);
  identity.keep();
  return identity;
};
const soon = new Date(Date.now() + 3_600_000);

test("nothing is written before it is kept", async () => {
  await localIdentity(folder);
  expect(readdirSync(join(folder, ".."))).toEqual([]);
});

test("a kept identity is found again, and only its owner can read the secrets", async () => {
  const { authority, key, caFile } = await kept();
  expect(await kept()).toMatchObject({ authority, key });
  expect(readFileSync(caFile, "utf8")).toBe(authority.ca);
  expect(readdirSync(folder).sort()).toEqual([".gitignore", "ca.key", "ca.pem", "key"]);
  const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777;
  expect([modeOf("ca.key"), modeOf("key")]).toEqual([0o600, 0o600]);
});

test("each server certificate is another one, which the CA signed", async () => {
  const { authority } = await kept();
  const [one, other] = await Promise.all([
    certificatesFrom(authority, { hosts: ["localhost"] }),
    certificatesFrom((await kept()).authority, { hosts: ["localhost"] }),
  ]);
  const ca = new X509Certificate(authority.ca);
  for (const { cert } of [one, other]) expect(new X509Certificate(cert).verify(ca.publicKey)).toBe(true);
  expect(one.cert).not.toBe(other.cert);
});

test.each<[string, () => Promise<void>]>([
  ["that ends within a day", async () => write(await newAuthority(soon))],
  ["without its key", async () => rmSync(join(folder, "ca.key"))],
  ["with the key of another one", async () => write({ caKey: (await newAuthority()).caKey })],
  ["that is not PEM", async () => write({ ca: "no certificate" })],
  [
    "that is a server's certificate",
    async () => {
      const { cert, key } = await certificatesFrom(await newAuthority(), { hosts: ["localhost"] });
      write({ ca: cert, caKey: key });
    },
  ],
])("a CA %s is replaced, and the key of the URL stays", async (_, spoil) => {
  const { authority, key } = await kept();
  await spoil();
  const after = await kept();
  expect(after.authority.ca).not.toBe(authority.ca);
  expect(after.key).toBe(key);
  expect(await kept()).toMatchObject({ authority: after.authority });
});

test("a file that is not a key is replaced", async () => {
  const { key } = await kept();
  writeFileSync(join(folder, "key"), "short\n");
  expect((await kept()).key).toMatch(/^[\w-]{43}$/);
  expect((await kept()).key).not.toBe(key);
});

test("a CA that cannot be read is not replaced in silence", async () => {
  await kept();
  rmSync(join(folder, "ca.key"));
  mkdirSync(join(folder, "ca.key"));
  await expect(localIdentity(folder)).rejects.toThrow(
    /ca\.key cannot be read \(EISDIR\); make it readable, or delete it/,
  );
});

const write = ({ ca, caKey }: { readonly ca?: string; readonly caKey?: string }): void => {
  if (ca) writeFileSync(join(folder, "ca.pem"), ca);
  if (caKey) writeFileSync(join(folder, "ca.key"), caKey);
};
