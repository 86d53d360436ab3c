import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { authenticate } from "../../../../functions/proxy/authenticate.ts";
import { keepIssuers } from "../../../../functions/streaming/keep-issuers.ts";
import type { IssuersEntry } from "../../../../functions/streaming/split-proxy-entry.ts";
import { newSigningKey, startOidcIssuer } from "../../../support/oidc-issuer.ts";

const issuer = await startOidcIssuer(await newSigningKey("ES256", "one"));
const stranger = await startOidcIssuer(await newSigningKey("ES256", "two"));
afterAll(async () => {
  await issuer.close();
  await stranger.close();
});

const maxAge = 300_000;
const deadAge = 3_600_000;

const configuration = (prefix: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: [
      {
        issuer: { url: issuer.url, certificateAuthority: issuer.ca, audiences: ["kubernetes"] },
        claimMappings: { username: { claim: "sub", prefix }, groups: { claim: "groups", prefix: "" }, ...more },
      },
    ],
  });

const seconds = (): number => Math.floor(Date.now() / 1_000);
const tokenOf = ({ sign } = issuer, claims: object = {}): Promise<string> =>
  sign({ sub: "alice", aud: "kubernetes", exp: seconds() + 7_200, ...claims });

/** A function whose source holds these texts at the time, and what it makes of a token. */
const serving = (...texts: readonly (string | Error)[]) => {
  const source = { texts };
  const entries: IssuersEntry[] = [];
  const issuers = keepIssuers({
    load: async () =>
      source.texts.map((text, at) => {
        if (text instanceof Error) throw text;
        return { text, directory: ".", origin: `parameter /issuers/${at}` };
      }),
    ...{ maxAge, deadAge },
    reservedNames: new Set(["system:nodes"]),
    log: (entry) => entries.push(entry),
  });
  const reviewed: string[] = [];
  const callerOf = async (token: string): Promise<string | number> => {
    const authenticated = await authenticate(
      [["authorization", `Bearer ${token}`]],
      false,
      {
        issuers,
        identify: async (given) => {
          reviewed.push(given);
          return { user: { username: "of the cluster", uid: "", groups: [], extra: {} } };
        },
      },
      Date.now() + 5_000,
    );
    if ("refusal" in authenticated) {
      const { code, message } = authenticated.refusal;
      return code === 503 ? message : code;
    }
    return authenticated.caller === "anonymous" ? "anonymous" : authenticated.caller.user.username;
  };
  return { source, entries, issuers, reviewed, callerOf };
};

const unknown =
  "the request was not authenticated: the proxy cannot tell whose token this is, because its issuers of OIDC tokens cannot be read; its log says why";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("a token", () => {
  test.each<[what: string, token: () => Promise<string>, caller: string | number, isReviewed: boolean]>([
    ["of our issuer", () => tokenOf(), "oidc:alice", false],
    ["that is expired", () => tokenOf(issuer, { exp: seconds() - 1 }), 401, false],
    ["for another audience", () => tokenOf(issuer, { aud: "other" }), 401, false],
    ["with a reserved name", () => tokenOf(issuer, { groups: ["system:masters"] }), 401, false],
    ["with a reserved name that is listed", () => tokenOf(issuer, { groups: ["system:nodes"] }), "oidc:alice", false],
    ["of another issuer goes to the cluster", () => tokenOf(stranger), "of the cluster", true],
    ["that is not a JWT goes to the cluster", async () => "opaque", "of the cluster", true],
  ])("%s", async (_, token, caller, isReviewed) => {
    const { callerOf, reviewed, entries } = serving(configuration("oidc:"));
    expect(await callerOf(await token())).toBe(caller);
    expect(reviewed).toHaveLength(isReviewed ? 1 : 0);
    expect(entries).toEqual([{ event: "issuers" }]);
  });
});

test.each<[what: string, texts: readonly (string | Error)[], problem: string]>([
  ["a source that cannot be read", [new Error("AccessDenied")], "AccessDenied"],
  ["no document", [], "PROXY_AUTHENTICATION names a place with 0 documents; it must hold one"],
  ["two documents", ["{}", "{}"], "PROXY_AUTHENTICATION names a place with 2 documents; it must hold one"],
  ["a document of another kind", ["{}"], "parameter /issuers/0: kind must be AuthenticationConfiguration"],
  [
    "a uid, which clusters decide about",
    [configuration("", { uid: { claim: "sub" } })],
    "parameter /issuers/0: jwt[0].claimMappings.uid.claim gives users a uid",
  ],
])("at a cold start with %s, each token is 503 and none goes to the cluster", async (_, texts, problem) => {
  const { callerOf, reviewed, entries } = serving(...texts);
  for (const token of [await tokenOf(), await tokenOf(stranger), "opaque"]) expect(await callerOf(token)).toBe(unknown);
  expect(reviewed).toEqual([]);
  expect(entries[0]).toEqual({ event: "issuers", problem: expect.stringContaining(problem) });
});

test("keys that are fetched beside a request are there before the instance is frozen", async () => {
  const keys = issuer.keys;
  const { issuers, callerOf } = serving(configuration("oidc:"));
  const token = await tokenOf();
  expect(await callerOf(token)).toBe("oidc:alice");
  issuer.keys = [await newSigningKey("ES256", "three")];
  vi.setSystemTime(Date.now() + 601_000);
  expect(await callerOf(token)).toBe("oidc:alice");
  await issuers.refreshed(Date.now() + 5_000);
  expect(await callerOf(token)).toBe(401);
  issuer.keys = keys;
});

describe("a source that changes", () => {
  const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

  test("is read again at its age, beside a request", async () => {
    const { source, issuers, callerOf, entries } = serving(configuration("one:"));
    const token = await tokenOf();
    expect(await callerOf(token)).toBe("one:alice");
    source.texts = [configuration("two:")];
    await issuers.refreshed(Date.now() + 5_000);
    expect(await callerOf(token)).toBe("one:alice");
    pass(maxAge);
    await issuers.refreshed(Date.now() + 5_000);
    expect(await callerOf(token)).toBe("two:alice");
    expect(entries).toEqual([{ event: "issuers" }, { event: "issuers" }]);
  });

  test("is read again before a token is judged, where the instance was frozen for long", async () => {
    const { source, callerOf } = serving(configuration("one:"));
    const token = await tokenOf();
    expect(await callerOf(token)).toBe("one:alice");
    source.texts = [configuration("two:")];
    pass(2 * maxAge);
    expect(await callerOf(token)).toBe("two:alice");
  });

  test("keeps the old issuers while it has a fault, until their dead age", async () => {
    const { source, callerOf, reviewed, entries } = serving(configuration("one:"));
    const token = await tokenOf();
    expect(await callerOf(token)).toBe("one:alice");
    source.texts = [configuration("two:", { groups: { expression: "claims.s3cret" } })];
    pass(2 * maxAge);
    expect(await callerOf(token)).toBe("one:alice");
    expect(entries.at(-1)).toEqual({
      event: "issuers",
      problem: expect.stringMatching(/^parameter \/issuers\/0: jwt\[0\]\.claimMappings\.groups\.expression is CEL/),
    });
    pass(deadAge);
    expect(await callerOf(token)).toBe(unknown);
    expect(reviewed).toEqual([]);
  });

  test("is used once it can be read", async () => {
    const { source, callerOf } = serving(new Error("AccessDenied"));
    const token = await tokenOf();
    expect(await callerOf(token)).toBe(unknown);
    source.texts = [configuration("one:")];
    pass(5_000);
    expect(await callerOf(token)).toBe("one:alice");
  });
});
