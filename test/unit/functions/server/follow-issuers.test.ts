import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { followIssuers } from "../../../../functions/server/follow-issuers.ts";
import type { ServerEntry } from "../../../../functions/server/log-entries.ts";
import { eventually } from "../../../support/eventually.ts";
import { newSigningKey, startOidcIssuer } from "../../../support/oidc-issuer.ts";

const folder = mkdtempSync(join(tmpdir(), "issuers-"));
const issuer = await startOidcIssuer(await newSigningKey("ES256", "one"));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await issuer.close();
});

const configuration = (prefix: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: [
      {
        issuer: { url: issuer.url, certificateAuthority: issuer.ca, audiences: ["kubernetes"] },
        claimMappings: { username: { claim: "sub", prefix }, ...more },
      },
    ],
  });

/** In one step, so that no reader sees half of it. */
const replace = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};

test("a file that changes is read again, and one with a fault is not used", async () => {
  const file = join(folder, "authentication.json");
  const entries: ServerEntry[] = [];
  const text = configuration("one:");
  writeFileSync(file, text);
  const issuers = followIssuers({ file, text }, { uid: "passthrough" }, (entry) => entries.push(entry), 10);
  const token = await issuer.sign({ sub: "alice", aud: "kubernetes", exp: Math.floor(Date.now() / 1000) + 600 });
  const username = async () => {
    const identity = await issuers.identify(token, Date.now() + 25_000);
    return identity && "user" in identity ? identity.user.username : identity;
  };
  expect(await username()).toBe("one:alice");
  replace(file, configuration("two:"));
  await eventually(async () => expect(await username()).toBe("two:alice"));
  replace(file, configuration("three:", { groups: { expression: "claims.s3cret" } }));
  await eventually(() => expect(entries).toHaveLength(2));
  expect(await username()).toBe("two:alice");
  const what = "authentication configuration";
  expect(entries).toEqual([
    { event: "reload", what },
    {
      event: "reload",
      what,
      problem:
        "jwt[0].claimMappings.groups.expression is CEL, which this proxy does not evaluate; use claim and prefix",
    },
  ]);
  issuers.close();
});

test("a fault of the first text is thrown", () => {
  const given = { file: join(folder, "none"), text: "{}" };
  expect(() => followIssuers(given, { uid: "passthrough" }, () => {})).toThrow(
    "kind must be AuthenticationConfiguration",
  );
});
