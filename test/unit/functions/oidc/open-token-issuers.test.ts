import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { base64url, CompactSign, type CryptoKey, exportSPKI, importJWK, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Identity } from "../../../../functions/cluster/identify.ts";
import { openTokenIssuers, type TokenIssuersOptions } from "../../../../functions/oidc/open-token-issuers.ts";
import { eventually } from "../../../support/eventually.ts";
import { discoveryPath, keysPath, newSigningKey, startOidcIssuer } from "../../../support/oidc-issuer.ts";

const rs256 = await newSigningKey("RS256", "one");
const es512 = await newSigningKey("ES512", "two");
const ps384 = await newSigningKey("PS384", "three");
const edDsa = await newSigningKey("EdDSA", "four");
const other = await newSigningKey("RS256", "one");
const unlisted = await newSigningKey("RS256", "unlisted");
const listed = [rs256, es512, ps384, edDsa];
const issuer = await startOidcIssuer(...listed);
afterAll(issuer.close);

/** Seconds since the epoch. */
const now = 1_800_000_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: now * 1000 });
  issuer.keys = listed;
  issuer.faults.clear();
  issuer.asked.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

interface Given extends Partial<TokenIssuersOptions> {
  readonly issuer?: object;
  readonly claimMappings?: object;
  readonly claimValidationRules?: readonly object[];
}

const open = ({ issuer: members, claimMappings, claimValidationRules, ...options }: Given = {}) =>
  openTokenIssuers(
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: { url: issuer.url, certificateAuthority: issuer.ca, audiences: ["kubernetes"], ...members },
          claimMappings: { username: { claim: "sub", prefix: "oidc:" }, ...claimMappings },
          ...(claimValidationRules && { claimValidationRules }),
        },
      ],
    }),
    { uid: "impersonate", ...options },
  );

const soon = () => Date.now() + 25_000;
const identify = async (token: string, given?: Given): Promise<Identity | undefined> => {
  const issuers = open(given);
  try {
    return await issuers.identify(token, soon());
  } finally {
    issuers.close();
  }
};

const claims = { sub: "alice", aud: "kubernetes", exp: now + 60 };
const alice = { user: { username: "oidc:alice", groups: ["system:authenticated"], extra: {} } };
const refused = (why: string): Identity => ({
  refused: true,
  isCertain: true,
  reason: `the token of the issuer ${issuer.url} ${why}`,
});
const segments = (...parts: readonly unknown[]): string =>
  parts.map((part) => (typeof part === "string" ? part : base64url.encode(JSON.stringify(part)))).join(".");

describe("a token is judged as the API server does", () => {
  test.each<readonly [string, object, Identity]>([
    ["with one audience of several", { aud: ["other", "kubernetes"] }, alice],
    ["for another audience", { aud: "kubernetes2" }, refused("is for another audience")],
    ["for other audiences", { aud: ["kube", "rnetes"] }, refused("is for another audience")],
    ["for no audience", { aud: undefined }, refused('has no claim "aud"')],
    ["with an audience that is an object", { aud: { kubernetes: true } }, refused("is for another audience")],
    ["at its last moment", { exp: now }, alice],
    ["a second later", { exp: now - 1 }, refused("is expired")],
    ["with an expiry between two seconds", { exp: now + 0.9 }, alice],
    ["without an expiry", { exp: undefined }, refused('has no claim "exp"')],
    ["with an expiry that is null", { exp: null }, refused('has a claim "exp" that is not a number')],
    ["with an expiry that is a text", { exp: String(now + 60) }, refused('has a claim "exp" that is not a number')],
    ["with an expiry that is not a time", { exp: 1e300 }, refused("is expired")],
    ["with an expiry before the epoch", { exp: -1 }, refused("is expired")],
    ["a minute early", { nbf: now + 60 }, alice],
    ["a minute and a second early", { nbf: now + 61 }, refused("is not valid yet")],
    ["with a beginning that is a text", { nbf: "0" }, refused('has a claim "nbf" that is not a number')],
    ["issued in the future", { iat: now + 3600 }, alice],
    ["issued at a text", { iat: "0" }, refused('has a claim "iat" that is not a number')],
    ["without the claim of the username", { sub: undefined }, refused('has no claim "sub"')],
    ["with a number as username", { sub: 7 }, refused('has a claim "sub" that is not a string')],
    ["with a list as username", { sub: ["alice"] }, refused('has a claim "sub" that is not a string')],
    ["with an empty username", { sub: "" }, refused('has an empty claim "sub"')],
    ["with null as username", { sub: null }, refused('has an empty claim "sub"')],
    [
      "with an id",
      { jti: "4711" },
      { user: { ...alice.user, extra: { "authentication.kubernetes.io/credential-id": ["JTI=4711"] } } },
    ],
    ["with an id that is a number", { jti: 4711 }, alice],
    ["with an empty id", { jti: "" }, alice],
    ["with claims that are not asked for", { groups: ["a"], _claim_names: { groups: "src1" } }, alice],
  ])("%s", async (_what, more, expected) => {
    expect(await identify(await issuer.sign({ ...claims, ...more }))).toEqual(expected);
  });

  test("a number beyond JavaScript's is not taken for an expiry", async () => {
    const payload = JSON.stringify({ ...claims, iss: issuer.url }).replace(/"exp":\d+/, '"exp":1e999');
    const signed = await new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .sign(rs256.privateKey);
    expect(await identify(signed)).toEqual(refused("is expired"));
  });
});

describe("signatures", () => {
  const algorithms = "RS256, ES256, PS256, RS384, ES384, PS384, RS512, ES512, PS512";
  const publicKey = async () => exportSPKI((await importJWK(rs256.jwk)) as CryptoKey);

  test.each(listed.slice(0, 3).map((key) => [key.alg, key] as const))("%s counts", async (_alg, key) => {
    expect(await identify(await issuer.sign(claims, key))).toEqual(alice);
  });

  test.each<readonly [string, () => Promise<string>, string]>([
    ["none", async () => new UnsecuredJWT({ ...claims, iss: issuer.url }).encode(), `is not signed with ${algorithms}`],
    [
      "HS256 with the public key as the secret",
      async () =>
        new SignJWT({ ...claims, iss: issuer.url })
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .sign(new TextEncoder().encode(await publicKey())),
      `is not signed with ${algorithms}`,
    ],
    ["EdDSA, which is listed", () => issuer.sign(claims, edDsa), `is not signed with ${algorithms}`],
    [
      "another key under the same id",
      () => issuer.sign(claims, other),
      "has a signature that none of the issuer's keys made",
    ],
    [
      "a key that is not listed",
      () => issuer.sign(claims, unlisted),
      "is signed with a key that the issuer does not list",
    ],
    [
      "the id of a key of another kind",
      () => issuer.sign(claims, rs256, { kid: "two" }),
      "is signed with a key that the issuer does not list",
    ],
    [
      "changed claims",
      async () => {
        const [header = "", , signature = ""] = (await issuer.sign(claims)).split(".");
        return segments(header, { ...claims, iss: issuer.url, sub: "olga" }, signature);
      },
      "has a signature that none of the issuer's keys made",
    ],
    [
      "no signature",
      async () => segments({ alg: "RS256", kid: "one" }, { ...claims, iss: issuer.url }, ""),
      "has a signature that none of the issuer's keys made",
    ],
    [
      "a critical header that nothing here knows",
      async () => segments({ alg: "RS256", kid: "one", crit: ["a"], a: 1 }, { ...claims, iss: issuer.url }, "YQ"),
      "is malformed",
    ],
    ["two parts", async () => segments({ alg: "RS256" }, { ...claims, iss: issuer.url }), "is malformed"],
    ["four parts", async () => `${await issuer.sign(claims)}.a`, "is malformed"],
    ["a header that is not JSON", async () => segments("YQ", { iss: issuer.url }, "YQ"), "is malformed"],
    [
      "a key in its header",
      () => issuer.sign(claims, other, { jwk: other.jwk }),
      "has a signature that none of the issuer's keys made",
    ],
    [
      "65,537 characters",
      async () => segments({ alg: "RS256" }, { iss: issuer.url, pad: "x".repeat(65_537) }, "YQ"),
      "is longer than 65536 characters",
    ],
  ])("with %s", async (_what, tokenOf, why) => {
    expect(await identify(await tokenOf())).toEqual(refused(why));
  });

  test("a token that names no key is tried with all of them, as long as they are of its kind", async () => {
    const [first, second, third] = [
      await newSigningKey("RS256"),
      await newSigningKey("RS256"),
      await newSigningKey("RS256"),
    ];
    issuer.keys = [first, second, es512];
    expect(await identify(await issuer.sign(claims, second))).toEqual(alice);
    expect(await identify(await issuer.sign({ ...claims, exp: 1 }, second))).toEqual(refused("is expired"));
    expect(await identify(await issuer.sign(claims, third))).toEqual(
      refused("has a signature that none of the issuer's keys made"),
    );
  });
});

describe("tokens of others", () => {
  test.each<readonly [string, () => Promise<string> | string]>([
    ["another issuer's", () => issuer.sign({ ...claims, iss: `${issuer.url}/` })],
    ["no issuer's", () => issuer.sign({ ...claims, iss: undefined })],
    ["with an issuer that is a list", () => issuer.sign({ ...claims, iss: [issuer.url] as never })],
    ["no JWT", () => "opaque"],
    ["dots", () => "..."],
    ["a list as claims", () => segments({}, [issuer.url], "")],
  ])("%s: nothing is fetched, and the cluster may judge it", async (_what, tokenOf) => {
    expect(await identify(await tokenOf())).toBeUndefined();
    expect(issuer.asked).toEqual([]);
  });
});

describe("mappings", () => {
  const email = { claimMappings: { username: { claim: "email", prefix: "" } } };
  const groups = { claimMappings: { groups: { claim: "groups", prefix: "" } } };
  const prefixed = { claimMappings: { groups: { claim: "groups", prefix: "oidc:" } } };
  const user = (username: string, ...names: readonly string[]) => ({
    user: { username, groups: [...names, "system:authenticated"], extra: {} },
  });
  const notText = refused('has a claim "groups" that is not a string or a list of strings');
  const elsewhere = refused('has its claim "groups" elsewhere (_claim_names), which this proxy does not fetch');
  test.each<readonly [string, Given, object, Identity]>([
    ["a verified email", email, { email: "a@b", email_verified: true }, user("a@b")],
    ["an email of which nothing is said", email, { email: "a@b" }, user("a@b")],
    [
      "an email that is not verified",
      email,
      { email: "a@b", email_verified: false },
      refused("has an email that is not verified (email_verified)"),
    ],
    [
      "an email that is verified as a text",
      email,
      { email: "a@b", email_verified: "true" },
      refused("has an email that is not verified (email_verified)"),
    ],
    [
      "an email that is verified as null",
      email,
      { email: "a@b", email_verified: null },
      refused("has an email that is not verified (email_verified)"),
    ],
    ["another claim than email", {}, { email_verified: false }, alice],
    ["a list of groups", groups, { groups: ["a", "b,c", "ü"] }, user("oidc:alice", "a", "b,c", "ü")],
    ["one group as a text", groups, { groups: "a" }, user("oidc:alice", "a")],
    ["no groups", groups, {}, alice],
    ["an empty list of groups", groups, { groups: [] }, alice],
    ["groups that are null", groups, { groups: null }, alice],
    ["a group that is null", prefixed, { groups: ["a", null] }, user("oidc:alice", "oidc:a", "oidc:")],
    [
      "groups behind a prefix",
      prefixed,
      { groups: ["a", "system:masters"] },
      user("oidc:alice", "oidc:a", "oidc:system:masters"),
    ],
    ["groups as a number", groups, { groups: 42 }, notText],
    ["groups as an object", groups, { groups: { a: true } }, notText],
    ["nested groups", groups, { groups: [["a"]] }, notText],
    ["a number among groups", groups, { groups: ["a", 1] }, notText],
    ["groups elsewhere", groups, { _claim_names: { groups: "src1" }, _claim_sources: { src1: {} } }, elsewhere],
    ["claim names that are not an object", groups, { _claim_names: "groups" }, elsewhere],
    ["another claim elsewhere", groups, { _claim_names: { photo: "src1" } }, alice],
    ["groups here and elsewhere", groups, { groups: "a", _claim_names: { groups: "src1" } }, user("oidc:alice", "a")],
    [
      "a claim with a dot, which is one name",
      { claimMappings: { username: { claim: "a.b", prefix: "" } } },
      { a: { b: "no" }, "a.b": "yes" },
      user("yes"),
    ],
    [
      "a claim that objects inherit",
      { claimMappings: { username: { claim: "constructor", prefix: "" } } },
      {},
      refused('has no claim "constructor"'),
    ],
    ["a uid", { claimMappings: { uid: { claim: "oid" } } }, { oid: "u-1" }, { user: { ...alice.user, uid: "u-1" } }],
    ["no uid", { claimMappings: { uid: { claim: "oid" } } }, {}, refused('has no claim "oid"')],
    ["an empty uid", { claimMappings: { uid: { claim: "oid" } } }, { oid: "" }, alice],
  ])("%s", async (_what, given, more, expected) => {
    expect(await identify(await issuer.sign({ ...claims, ...more }), given)).toEqual(expected);
  });

  const rule = (claim: string, requiredValue?: string): Given => ({ claimValidationRules: [{ claim, requiredValue }] });
  test.each<readonly [string, Given, object, Identity]>([
    ["a required value", rule("hd", "a"), { hd: "a" }, alice],
    ["another one", rule("hd", "a"), { hd: "A" }, refused('has another claim "hd" than is required')],
    ["none", rule("hd", "a"), {}, refused('has no claim "hd"')],
    ["a list that holds it", rule("hd", "a"), { hd: ["a"] }, refused('has a claim "hd" that is not a string')],
    ["true for the text", rule("ok", "true"), { ok: true }, refused('has a claim "ok" that is not a string')],
    ["the empty value", rule("hd"), { hd: "" }, alice],
    ["null for the empty value", rule("hd"), { hd: null }, alice],
    [
      "a value where the empty one is required",
      rule("hd"),
      { hd: "a" },
      refused('has another claim "hd" than is required'),
    ],
  ])("%s of a rule", async (_what, given, more, expected) => {
    expect(await identify(await issuer.sign({ ...claims, ...more }), given)).toEqual(expected);
  });

  test("a uid claim needs the option", () => {
    const given = { claimMappings: { uid: { claim: "oid" } }, uid: "passthrough" } as const;
    expect(() => open(given)).toThrow(
      "jwt[0].claimMappings.uid.claim gives users a uid, which needs --uid impersonate, an option of the server alone, and an actor that may impersonate uids; remove it, or start a server with --uid impersonate",
    );
  });
});

describe("reserved names", () => {
  const bare = { claimMappings: { username: { claim: "sub", prefix: "" }, groups: { claim: "groups", prefix: "" } } };
  const reserved = (name: string) =>
    refused(
      `brings the reserved name ${JSON.stringify(name)}; --reserved-name allows exact names, PROXY_RESERVED_NAMES in a function`,
    );
  test.each<readonly [string, object, readonly string[], Identity]>([
    ["a username", { sub: "system:admin" }, [], reserved("system:admin")],
    ["a group", { groups: ["a", "system:masters"] }, [], reserved("system:masters")],
    ["a group that all users have", { groups: ["system:authenticated"] }, [], reserved("system:authenticated")],
    ["a name that a terminal interprets", { sub: "system:\u202e" }, [], reserved("system:\\u202e")],
    [
      "names that are allowed",
      { sub: "system:node:a", groups: ["system:nodes"] },
      ["system:node:a", "system:nodes"],
      { user: { username: "system:node:a", groups: ["system:nodes", "system:authenticated"], extra: {} } },
    ],
    ["a longer one than is allowed", { sub: "system:node:ab" }, ["system:node:a"], reserved("system:node:ab")],
  ])("%s", async (_what, more, names, expected) => {
    const token = await issuer.sign({ ...claims, ...more });
    expect(await identify(token, { ...bare, reservedNames: new Set(names) })).toEqual(expected);
  });

  test("a prefix that makes a name reserved counts too", async () => {
    const given = { claimMappings: { username: { claim: "sub", prefix: "system:" } } };
    expect(await identify(await issuer.sign(claims), given)).toEqual(reserved("system:alice"));
  });
});

describe("the keys of an issuer", () => {
  test("are fetched at the first token, once for many, and kept", async () => {
    const issuers = open();
    expect(issuer.asked).toEqual([]);
    const token = await issuer.sign(claims);
    const identities = await Promise.all(Array.from({ length: 20 }, () => issuers.identify(token, soon())));
    expect(new Set(identities.map((identity) => JSON.stringify(identity)))).toEqual(new Set([JSON.stringify(alice)]));
    expect(issuer.asked).toEqual([discoveryPath, keysPath]);
    issuers.close();
  });

  test("are fetched again for an unknown key, not twice in ten seconds", async () => {
    const issuers = open();
    const next = await newSigningKey("RS256", "next");
    const [old, rotated] = [await issuer.sign(claims), await issuer.sign(claims, next)];
    expect(await issuers.identify(old, soon())).toEqual(alice);
    issuer.keys = [next];
    expect(await issuers.identify(rotated, soon())).toEqual(
      refused("is signed with a key that the issuer does not list"),
    );
    expect(issuer.asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 10_000);
    expect(await issuers.identify(rotated, soon())).toEqual(alice);
    expect(issuer.asked).toHaveLength(4);
    expect(await issuers.identify(old, soon())).toEqual(refused("is signed with a key that the issuer does not list"));
    issuers.close();
  });

  test("are fetched again where a known name has another key", async () => {
    const issuers = open();
    expect(await issuers.identify(await issuer.sign(claims), soon())).toEqual(alice);
    issuer.keys = [other];
    vi.setSystemTime(Date.now() + 10_000);
    expect(await issuers.identify(await issuer.sign(claims, other), soon())).toEqual(alice);
    issuers.close();
  });

  test("are fetched before they are used, where no request came for long: a removed one does not count once more", async () => {
    const issuers = open();
    const token = await issuer.sign({ ...claims, exp: now + 86_400 });
    expect(await issuers.identify(token, soon())).toEqual(alice);
    issuer.faults.set(discoveryPath, { status: 503 });
    vi.advanceTimersByTime(3_600_000);
    expect(await issuers.identify(token, soon())).toEqual(alice);
    expect(issuer.asked).toHaveLength(3);
    issuer.faults.clear();
    issuer.keys = [es512];
    vi.advanceTimersByTime(3_600_000);
    expect(await issuers.identify(token, soon())).toEqual(
      refused("is signed with a key that the issuer does not list"),
    );
    issuers.close();
  });

  test("that are fetched beside a request are there when they have settled", async () => {
    const issuers = open();
    const token = await issuer.sign({ ...claims, exp: now + 86_400 });
    expect(await issuers.identify(token, soon())).toEqual(alice);
    issuer.keys = [es512];
    vi.advanceTimersByTime(601_000);
    expect(await issuers.identify(token, soon())).toEqual(alice);
    await issuers.settled();
    expect(await issuers.identify(token, soon())).toEqual(
      refused("is signed with a key that the issuer does not list"),
    );
    issuers.close();
  });

  test("are kept while the issuer is down, and fetched again after ten minutes, when a removed one no longer counts", async () => {
    const issuers = open();
    const token = await issuer.sign({ ...claims, exp: now + 86_400 });
    expect(await issuers.identify(token, soon())).toEqual(alice);
    issuer.faults.set(discoveryPath, { status: 503 });
    vi.advanceTimersByTime(601_000);
    expect(await issuers.identify(token, soon())).toEqual(alice);
    await eventually(() => expect(issuer.asked).toHaveLength(3));
    const unknown = await issuer.sign({ ...claims, exp: now + 86_400 }, unlisted);
    expect(await issuers.identify(unknown, soon())).toMatchObject({ code: 503 });
    issuer.faults.clear();
    issuer.keys = [es512];
    vi.advanceTimersByTime(6_000);
    expect(await issuers.identify(token, soon())).toEqual(alice);
    await eventually(async () =>
      expect(await issuers.identify(token, soon())).toEqual(
        refused("is signed with a key that the issuer does not list"),
      ),
    );
    issuers.close();
  });

  const failure = (what: string): Identity => ({ code: 503, failure: what });
  const discovery = `the discovery document of the issuer ${issuer.url}`;
  const document = { issuer: issuer.url, jwks_uri: `${issuer.url}${keysPath}` };
  test.each<readonly [string, string, Parameters<typeof issuer.faults.set>[1], string]>([
    ["an error", discoveryPath, { status: 500 }, `${discovery} came back with the status 500`],
    ["a redirect", discoveryPath, { location: keysPath }, `${discovery} came back with the status 302`],
    [
      "another status than 200",
      keysPath,
      { status: 201 },
      `the keys of the issuer ${issuer.url} came back with the status 201`,
    ],
    ["a page", discoveryPath, { status: 200, text: "<html>" }, `${discovery} is not JSON`],
    ["a list", discoveryPath, { status: 200, text: "[]" }, `${discovery} is not a JSON object`],
    ["too much", discoveryPath, { status: 200, text: " ".repeat(2 ** 20 + 1) }, `${discovery} is larger than 1 MiB`],
    [
      "another issuer",
      discoveryPath,
      { document: { ...document, issuer: `${issuer.url}/` } },
      `${discovery} is another issuer's`,
    ],
    [
      "keys over plain HTTP",
      discoveryPath,
      { document: { ...document, jwks_uri: "http://localhost/keys" } },
      `the jwks_uri of the issuer ${issuer.url} is not an https URL`,
    ],
    [
      "no place of keys",
      discoveryPath,
      { document: { issuer: issuer.url } },
      `the jwks_uri of the issuer ${issuer.url} is not an https URL`,
    ],
    [
      "no list of keys",
      keysPath,
      { document: { keys: {} } },
      `the keys of the issuer ${issuer.url} are not a JSON Web Key Set`,
    ],
    [
      "a key without its numbers",
      keysPath,
      { document: { keys: [{ kty: "RSA", kid: "one" }] } },
      `a key of the issuer ${issuer.url} cannot be used`,
    ],
    [
      "a private key",
      keysPath,
      { document: { keys: [{ ...rs256.jwk, d: "AQAB" }] } },
      `a key of the issuer ${issuer.url} cannot be used`,
    ],
  ])("with %s: no answer", async (_what, path, fault, sentence) => {
    issuer.faults.set(path, fault);
    expect(await identify(await issuer.sign(claims))).toEqual(failure(sentence));
    if ("location" in fault) expect(issuer.asked).toEqual([discoveryPath]);
  });

  test.each<readonly [string, object, RegExp]>([
    [
      "a CA that did not sign its certificate",
      { certificateAuthority: undefined },
      /cannot be had \(DEPTH_ZERO|cannot be had \(UNABLE|cannot be had \(SELF_SIGNED/,
    ],
    [
      "a port that nothing listens on",
      { discoveryURL: "https://localhost:1/a" },
      /cannot be had \(ECONNREFUSED\); check url, discoveryURL and certificateAuthority$/,
    ],
    [
      "a name that its certificate does not have",
      { discoveryURL: issuer.url.replace("localhost", "127.0.0.1") + discoveryPath },
      /cannot be had \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    ],
  ])("with %s: no answer", async (_what, members, sentence) => {
    expect(await identify(await issuer.sign(claims), { issuer: members })).toEqual({
      code: 503,
      failure: expect.stringMatching(sentence),
    });
  });

  test("are not asked for again within five seconds of a failure", async () => {
    const issuers = open();
    const token = await issuer.sign(claims);
    issuer.faults.set(discoveryPath, { status: 500 });
    for (let times = 0; times < 3; times += 1)
      expect(await issuers.identify(token, soon())).toMatchObject({ code: 503 });
    expect(issuer.asked).toHaveLength(1);
    issuer.faults.clear();
    vi.advanceTimersByTime(5_001);
    expect(await issuers.identify(token, soon())).toEqual(alice);
    issuers.close();
  });

  test("that do not come in time are a late answer", async () => {
    const issuers = open();
    issuer.faults.set(keysPath, { silent: true });
    expect(await issuers.identify(await issuer.sign(claims), Date.now() + 100)).toEqual({
      code: 504,
      failure: "the keys of the token's issuer did not come in time",
    });
    issuers.close();
  });

  test("come from where discoveryURL says", async () => {
    issuer.faults.set("/inside", { document });
    expect(await identify(await issuer.sign(claims), { issuer: { discoveryURL: `${issuer.url}/inside` } })).toEqual(
      alice,
    );
    expect(issuer.asked).toEqual(["/inside", keysPath]);
  });
});

test("a configuration with one key twice is refused, because the first one would not count", () => {
  const text = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: []\njwt: []\n";
  expect(() => openTokenIssuers(text, { uid: "passthrough" })).toThrow(
    "is not valid YAML: a mapping with one key twice",
  );
  expect(openTokenIssuers(text.replace("jwt: []\n", ""), { uid: "passthrough" })).toBeDefined();
});

test("an RSA key of less than 2,048 bits is not used", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "small" } as JWK;
  issuer.keys = [{ ...rs256, kid: "small", jwk }];
  const text = segments({ alg: "RS256", kid: "small" }, { ...claims, iss: issuer.url });
  const token = `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  expect(await identify(token)).toEqual({
    code: 503,
    failure: `a key of the issuer ${issuer.url} cannot be used`,
  });
});

test("Google's tokens may leave the scheme out", async () => {
  const google = "https://accounts.google.com";
  issuer.faults.set("/google", { document: { issuer: google, jwks_uri: `${issuer.url}${keysPath}` } });
  const given = { issuer: { url: google, discoveryURL: `${issuer.url}/google` } };
  for (const iss of [google, "accounts.google.com"])
    expect(await identify(await issuer.sign({ ...claims, iss }), given)).toEqual(alice);
});

test("every token gets an answer, and one without a signature does not name a user", async () => {
  const issuers = open({ claimMappings: { groups: { claim: "groups", prefix: "" } } });
  const json = fc.json({ maxDepth: 3 });
  const part = fc.oneof(
    fc.base64String(),
    json.map((text) => Buffer.from(text).toString("base64url")),
    fc
      .dictionary(
        fc.constantFrom("iss", "sub", "aud", "exp", "groups", "alg", "kid", "crit", "__proto__"),
        fc.jsonValue(),
      )
      .map((value) => segments({ iss: issuer.url, alg: "RS256", kid: "one", ...value })),
    fc.string(),
  );
  const tokens = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join(".")),
  );
  await fc.assert(
    fc.asyncProperty(tokens, async (token) => {
      const identity = await issuers.identify(token, soon());
      expect(identity === undefined || !("user" in identity)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  issuers.close();
});

test("whatever signed claims are, their identity comes", async () => {
  const issuers = open({ claimMappings: { groups: { claim: "groups", prefix: "" } } });
  const value = fc.jsonValue({ maxDepth: 2 });
  const some = fc.record(
    {
      sub: fc.oneof(fc.string(), value),
      groups: fc.oneof(fc.array(fc.string()), value),
      jti: value,
      _claim_names: value,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(some, async (more) => {
      const identity = await issuers.identify(await issuer.sign({ ...claims, ...more }, es512), soon());
      expect(identity).toBeDefined();
      expect(identity).not.toHaveProperty("failure");
      if (identity && "user" in identity) expect(identity.user.username).toMatch(/^oidc:./su);
    }),
    { numRuns: 300 },
  );
  issuers.close();
});
