import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTokenIssuers } from "../../functions/oidc/open-token-issuers.ts";
import { binaries } from "../cluster/harness/binaries.ts";
import { until } from "../cluster/world/until.ts";
import {
  document,
  type RefusedConfiguration,
  refusedConfigurations,
  refusedHereOnly,
} from "../support/authentication-configurations.ts";
import { newSigningKey, type OidcIssuer, startOidcIssuer } from "../support/oidc-issuer.ts";
import { send } from "./world/clients.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

const { apiServer } = await binaries();
const folder = mkdtempSync(join(tmpdir(), "oidc-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("kube-apiserver's judgement of a configuration", () => {
  /**
   * The error with which the API server ends. A configuration that it takes brings it to the next step, which fails here: there is no such
   * authorizer.
   */
  const errorOf = (configuration: unknown): Promise<string> =>
    new Promise((resolve) => {
      const file = join(folder, "configuration.json");
      writeFileSync(file, JSON.stringify(configuration) ?? "");
      const args = [
        `--authentication-config=${file}`,
        ...["--authorization-mode=Webhook", "--authorization-webhook-config-file=/nonexistent"],
        ...["--etcd-servers=http://127.0.0.1:1", "--bind-address=127.0.0.1", `--cert-dir=${folder}`],
        ...[
          "--service-account-issuer=https://kubernetes.default.svc",
          `--service-account-key-file=${folder}/apiserver.key`,
        ],
        ...[`--service-account-signing-key-file=${folder}/apiserver.key`, "--service-cluster-ip-range=10.0.0.0/24"],
      ];
      execFile(apiServer, args, { timeout: 120_000 }, (_error, _stdout, stderr) =>
        resolve(/"command failed" err="(.*)"$/m.exec(stderr)?.[1] ?? stderr),
      );
    });
  const taken = "invalid authorization config: stat /nonexistent: no such file or directory";

  // The first start makes the key that the others are started with.
  beforeAll(() => errorOf(document));

  test("what is read here is taken", async () => {
    for (const apiVersion of ["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1"])
      expect(await errorOf({ ...document, apiVersion })).toBe(taken);
  });

  test.each<RefusedConfiguration>(refusedConfigurations)(
    "refuses what is refused here: %s",
    async (_, given, sentence) => {
      const error = await errorOf(given);
      expect(error).toMatch(/authentication configuration/);
      const places = [...error.replaceAll('\\"', "").matchAll(/jwt\[\d\][\w.[\]]*/g)].map(([place]) => place);
      if (places.length > 0) expect(places.filter((place) => sentence.startsWith(place))).not.toEqual([]);
    },
  );

  test.each<RefusedConfiguration>(refusedHereOnly)("takes what is refused here only: %s", async (_, given) => {
    expect(await errorOf(given)).toMatch(/^invalid authorization config: stat|^oidc: egress lookup required/);
  });
});

describe("kube-apiserver's judgement of a token", () => {
  let stage: Stage;
  let proxy: Served;
  const issuers: OidcIssuer[] = [];
  const strangers = { key: undefined as Awaited<ReturnType<typeof newSigningKey>> | undefined };

  beforeAll(async () => {
    for (const alg of ["RS256", "ES256", "PS512"]) issuers.push(await startOidcIssuer(await newSigningKey(alg, alg)));
    strangers.key = await newSigningKey("RS256", "RS256");
    const [plain, email, strict] = issuers.map(({ url, ca }) => ({
      url,
      certificateAuthority: ca,
      audiences: ["kubernetes"],
    }));
    const configuration = JSON.stringify({
      ...document,
      jwt: [
        {
          issuer: plain,
          claimMappings: {
            username: { claim: "sub", prefix: "oidc:" },
            groups: { claim: "groups", prefix: "oidc:" },
          },
        },
        {
          issuer: { ...email, audiences: ["kubernetes", "kubectl"], audienceMatchPolicy: "MatchAny" },
          claimMappings: { username: { claim: "email", prefix: "" }, groups: { claim: "roles", prefix: "" } },
        },
        {
          issuer: strict,
          claimMappings: { username: { claim: "sub", prefix: "strict:" }, uid: { claim: "oid" } },
          claimValidationRules: [{ claim: "hd", requiredValue: "example.com" }, { claim: "empty" }],
        },
      ],
    });
    const file = join(folder, "authentication.json");
    writeFileSync(file, configuration);
    stage = await startStage([`--authentication-config=${file}`]);
    proxy = await stage.serve({
      uid: "impersonate",
      issuers: openTokenIssuers(configuration, { uid: "impersonate" }),
    });
    for (const [at, issuer] of issuers.entries())
      await until(`the API server knows issuer ${at}`, async () => {
        const token = await issuer.sign(good());
        return (await who(direct(), token))[0] === 201;
      });
  });
  afterAll(async () => {
    await stage?.stop();
    await Promise.all(issuers.map((issuer) => issuer.close()));
  });

  const direct = () => ({ url: stage.connection.url, ca: stage.connection.caPem });
  const now = () => Math.floor(Date.now() / 1000);
  /** Good for each of the three. */
  const good = () => ({
    ...{ sub: "alice", email: "alice@example.com", oid: "u-1", hd: "example.com", empty: "" },
    ...{ aud: "kubernetes", exp: now() + 600 },
  });

  /** The status of a request, and who the API server says sent it. */
  const who = async (front: { readonly url: string; readonly ca: string | undefined }, token: string) => {
    const { status, text } = await send(front, {
      http: 2,
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      lines: ["content-type", "application/json", "authorization", `Bearer ${token}`],
      body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
    });
    return [status, status === 201 ? JSON.parse(text).status.userInfo : undefined] as const;
  };

  type Row = readonly [what: string, issuer: number, claims: () => object, status: number];
  const same: readonly Row[] = [
    ["a plain user", 0, () => ({}), 201],
    ["a name that is not ASCII", 0, () => ({ sub: "zoë 李" }), 201],
    ["groups", 0, () => ({ groups: ["a", "b,c", "system:masters"] }), 201],
    ["one group as a text", 0, () => ({ groups: "a" }), 201],
    ["no groups", 0, () => ({ groups: [] }), 201],
    ["groups that are null", 0, () => ({ groups: null }), 201],
    ["a group that is null", 0, () => ({ groups: ["a", null] }), 201],
    ["an empty group", 0, () => ({ groups: ["", "a"] }), 201],
    ["groups as a number", 0, () => ({ groups: 42 }), 401],
    ["a number among groups", 0, () => ({ groups: ["a", 1] }), 401],
    ["nested groups", 0, () => ({ groups: [["a"]] }), 401],
    ["claim names that are not an object", 0, () => ({ _claim_names: "groups" }), 401],
    ["another claim elsewhere", 0, () => ({ _claim_names: { photo: "a" }, _claim_sources: { a: {} } }), 201],
    ["an id of the token", 0, () => ({ jti: "4711/ü" }), 201],
    ["an id that is a number", 0, () => ({ jti: 4711 }), 201],
    ["no username", 0, () => ({ sub: undefined }), 401],
    ["a number as username", 0, () => ({ sub: 1 }), 401],
    ["expired", 0, () => ({ exp: now() - 5 }), 401],
    ["no expiry", 0, () => ({ exp: undefined }), 401],
    ["an expiry that is null", 0, () => ({ exp: null }), 401],
    ["an expiry with a fraction", 0, () => ({ exp: now() + 60.5 }), 201],
    ["an expiry that is not a time", 0, () => ({ exp: 1e300 }), 401],
    ["50 seconds early", 0, () => ({ nbf: now() + 50 }), 201],
    ["70 seconds early", 0, () => ({ nbf: now() + 70 }), 401],
    ["issued in the future", 0, () => ({ iat: now() + 3600 }), 201],
    ["issued at a word", 0, () => ({ iat: "now" }), 401],
    ["another audience", 0, () => ({ aud: "kubectl" }), 401],
    ["several audiences", 0, () => ({ aud: ["other", "kubernetes"] }), 201],
    ["no audience", 0, () => ({ aud: undefined }), 401],
    ["the second audience of two", 1, () => ({ aud: "kubectl" }), 201],
    ["an email that is verified", 1, () => ({ email_verified: true }), 201],
    ["an email that is not verified", 1, () => ({ email_verified: false }), 401],
    ["an email that is verified as a text", 1, () => ({ email_verified: "true" }), 401],
    ["an email that is verified as null", 1, () => ({ email_verified: null }), 401],
    ["groups without a prefix", 1, () => ({ roles: ["dev", "ops"] }), 201],
    ["a uid and what is required", 2, () => ({}), 201],
    ["an empty uid", 2, () => ({ oid: "" }), 201],
    ["no uid", 2, () => ({ oid: undefined }), 401],
    ["another required value", 2, () => ({ hd: "Example.com" }), 401],
    ["a required value in a list", 2, () => ({ hd: ["example.com"] }), 401],
    ["no required claim", 2, () => ({ hd: undefined }), 401],
    ["null where the empty text is required", 2, () => ({ empty: null }), 201],
    ["a value where the empty text is required", 2, () => ({ empty: "a" }), 401],
  ];
  test.each(same)("the same: %s", async (_what, at, claims, status) => {
    const token = await issuers[at]?.sign({ ...good(), ...claims() });
    const straight = await who(direct(), token ?? "");
    expect(straight[0]).toBe(status);
    expect(await who(proxy, token ?? "")).toEqual(straight);
  });

  test.each<Row>([
    ["a username that is empty", 0, () => ({ sub: "" }), 201],
    ["a username that is null", 0, () => ({ sub: null }), 201],
    ["an expiry that is a number in quotes", 0, () => ({ exp: String(now() + 600) }), 201],
    ["a reserved group without a prefix", 1, () => ({ roles: ["system:masters"] }), 201],
    ["a reserved username without a prefix", 1, () => ({ email: "system:admin" }), 201],
    [
      "groups that a source holds",
      0,
      () => ({ _claim_names: { groups: "a" }, _claim_sources: { a: { JWT: "" } } }),
      201,
    ],
  ])("taken by the API server only: %s", async (_what, at, claims, status) => {
    const token = await issuers[at]?.sign({ ...good(), ...claims() });
    expect((await who(direct(), token ?? ""))[0]).toBe(status);
    expect(await who(proxy, token ?? "")).toEqual([401, undefined]);
  });

  test("the same: signatures that are wrong, and tokens that are none", async () => {
    const [issuer] = issuers as [OidcIssuer];
    const token = await issuer.sign(good());
    const [header, payload, signature] = token.split(".");
    for (const given of [
      await issuer.sign(good(), strangers.key),
      await issuer.sign(good(), strangers.key, { kid: "unknown" }),
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${token}.`,
      `.${payload}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`,
    ]) {
      expect((await who(direct(), given))[0]).toBe(401);
      expect((await who(proxy, given))[0]).toBe(401);
    }
  });
});
