import { describe, expect, test, vi } from "vitest";
import type { Identity } from "../../../../functions/cluster/identify.ts";
import { authenticate } from "../../../../functions/proxy/authenticate.ts";
import type { HeaderLine } from "../../../../lib/proxy/index.ts";

const alice = { username: "alice", groups: ["system:authenticated"], extra: {} };
const bob = { ...alice, username: "bob" };
const answers: Readonly<Record<string, Identity>> = {
  a: { user: alice },
  b: { user: bob },
  down: { code: 502, failure: "the API server answered nonsense" },
  late: { code: 504, failure: "too late" },
};
const identify = async (token: string, _deadline: number): Promise<Identity> =>
  answers[token] ?? { refused: true, isCertain: true };
const bearer = (token: string): HeaderLine => ["Authorization", `Bearer ${token}`];
const protocol = (token: string, others = ", v5.channel.k8s.io"): HeaderLine => [
  "Sec-WebSocket-Protocol",
  `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}${others}`,
];

test.each<readonly [string, readonly HeaderLine[], string | number]>([
  ["no credential", [], "anonymous"],
  ["another scheme", [["Authorization", "Basic YQ=="]], "anonymous"],
  ["a good token", [bearer("a")], "alice by a"],
  ["a bad token", [bearer("x")], 401],
  ["a token that no header holds", [bearer("\xe4")], 401],
  ["a token in a subprotocol", [protocol("b")], "bob by b"],
  ["both: the first counts", [bearer("a"), protocol("b")], "alice by a"],
  ["a bad token beside a good one", [bearer("x"), protocol("b")], "bob by b"],
  ["two bad tokens", [bearer("x"), protocol("y")], 401],
  ["an unreadable subprotocol", [["Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.*, v5"]], 401],
  ["an unreadable subprotocol beside a good token", [bearer("a"), protocol("b"), protocol("b")], "alice by a"],
  ["a subprotocol alone", [bearer("a"), protocol("b", "")], 400],
  ["no answer", [bearer("down")], 503],
  ["a late answer", [bearer("late")], 504],
  ["no answer beside a good token", [bearer("down"), protocol("b")], "bob by b"],
  ["no answer beside a bad token", [bearer("down"), protocol("x")], 503],
])("%s", async (_name, lines, expected) => {
  const result = await authenticate(lines, true, { issuers: undefined, identify }, 0);
  if ("refusal" in result) expect(result.refusal.code).toBe(expected);
  else if (result.caller === "anonymous") expect("anonymous").toBe(expected);
  else expect(`${result.caller.user.username} by ${result.token}`).toBe(expected);
});

test("a subprotocol does not count as a credential without a WebSocket upgrade", async () => {
  const asked = vi.fn(identify);
  expect(await authenticate([protocol("b")], false, { issuers: undefined, identify: asked }, 0)).toEqual({
    caller: "anonymous",
    token: undefined,
  });
  expect(asked).not.toHaveBeenCalled();
});

const good = { user: { ...alice, username: "carol" }, way: "cluster CA" } as const;
const bad = { fault: "the client certificate has expired" };

test.each<readonly [string, typeof good | typeof bad, readonly HeaderLine[], string | number]>([
  ["a good certificate", good, [], "carol by cluster CA"],
  ["a good certificate before a good token", good, [bearer("a")], "carol by cluster CA"],
  ["a good certificate beside a bad token", good, [bearer("x")], "carol by cluster CA"],
  ["a good certificate beside a bad subprotocol", good, [protocol("b"), protocol("b")], "carol by cluster CA"],
  ["a good certificate beside a subprotocol alone", good, [protocol("b", "")], 400],
  ["a bad certificate", bad, [], 401],
  ["a bad certificate beside a good token", bad, [bearer("a")], "alice by a"],
  ["a bad certificate beside a bad token", bad, [bearer("x")], 401],
  ["a bad certificate beside a token without an answer", bad, [bearer("late")], 504],
])("%s", async (_name, certificate, lines, expected) => {
  const result = await authenticate(lines, true, { certificate, issuers: undefined, identify }, 0);
  if ("refusal" in result) expect(result.refusal.code).toBe(expected);
  else if (result.caller === "anonymous") throw new Error("became anonymous");
  else {
    expect(`${result.caller.user.username} by ${result.certificate ?? result.token}`).toBe(expected);
    expect(result.caller.credential).toBe(result.certificate ? "other" : "token");
    expect(result.token === undefined).toBe(result.certificate !== undefined);
  }
});

test("the log says why a certificate does not count, and the caller is not told", async () => {
  const result = await authenticate([], false, { certificate: bad, issuers: undefined, identify }, 0);
  expect(result).toMatchObject({ refusal: { code: 401, message: "Unauthorized" }, reason: bad.fault });
});

describe("tokens of our own issuers", () => {
  const own: Readonly<Record<string, Identity>> = {
    good: { user: alice },
    expired: { refused: true, isCertain: true, reason: "the token is expired" },
    early: { refused: true, isCertain: true, reason: "the token is early" },
    gone: { code: 503, failure: "the issuer cannot be reached" },
  };
  const issuers = { identify: async (token: string) => own[token], close: () => {} };
  const unauthorized = (reason?: string) => ({
    refusal: expect.objectContaining({ code: 401, message: "Unauthorized" }),
    ...(reason && { reason }),
  });
  const unavailable = {
    refusal: expect.objectContaining({
      code: 503,
      message: "the request was not authenticated: the issuer cannot be reached",
    }),
  };

  test.each<readonly [string, readonly HeaderLine[], object, readonly string[]]>([
    ["a good one", [bearer("good")], { caller: { user: alice, credential: "other" }, token: undefined }, []],
    [
      "a good one in a subprotocol",
      [protocol("good")],
      { caller: { user: alice, credential: "other" }, token: undefined },
      [],
    ],
    ["a bad one", [bearer("expired")], unauthorized("the token is expired"), []],
    ["two bad ones", [bearer("expired"), protocol("early")], unauthorized("the token is expired"), []],
    ["one whose issuer is gone", [bearer("gone")], unavailable, []],
    ["one whose issuer is gone beside a bad one", [bearer("gone"), protocol("expired")], unavailable, []],
    ["the cluster's token", [bearer("a")], { caller: { user: alice, credential: "token" }, token: "a" }, ["a"]],
    ["a bad token of the cluster", [bearer("x")], unauthorized(), ["x"]],
    [
      "a bad one beside the cluster's",
      [bearer("expired"), protocol("b")],
      { caller: { user: bob, credential: "token" }, token: "b" },
      ["b"],
    ],
    [
      "the cluster's bad token beside a good one",
      [bearer("x"), protocol("good")],
      { caller: { user: alice, credential: "other" }, token: undefined },
      ["x"],
    ],
  ])("%s", async (_name, lines, expected, reviewed) => {
    const asked = vi.fn(identify);
    expect(await authenticate(lines, true, { issuers, identify: asked }, 0)).toEqual(expected);
    expect(asked.mock.calls.map(([token]) => token)).toEqual(reviewed);
  });
});
