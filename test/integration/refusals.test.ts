import { describe, expect, test } from "vitest";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { type Call, functionUrl, gateways, httpApi, restApi } from "../support/gateway-events.ts";
import { guarded, key } from "../support/guarded.ts";
import { review, reviewText } from "../support/reviews.ts";

const path = `/clusters/prod/${key}/mutate`;
const limit = 6 * 1024 * 1024;
const post = (call: Call) => httpApi({ path, query: { timeout: "5s" }, ...call });

/** The whole log entry of a call without a verdict. */
const refused = (status: number, cold = true) => ({ event: "refused", status, cold });

describe("a call that brings no review gets a metav1.Status that says what is wrong", () => {
  const { request, ...envelope } = review();
  const text = (value: unknown) => JSON.stringify(value);

  test.each<[string, Call, number, string, string]>([
    ["no body", { body: "" }, 400, "BadRequest", "the body is empty; send an AdmissionReview"],
    ["a body that is not JSON", { body: "impersonateUser: bob" }, 400, "BadRequest", "the body is not JSON"],
    ["JSON that ends too early", { body: reviewText().slice(0, -9) }, 400, "BadRequest", "the body is not JSON"],
    [
      "a body that is not JSON, as base64",
      { body: "\u{1f5dd}", base64: true },
      400,
      "BadRequest",
      "the body is not JSON",
    ],
    [
      "a list",
      { body: text([review()]) },
      400,
      "BadRequest",
      "the body is not an AdmissionReview of admission.k8s.io/v1",
    ],
    ["null", { body: "null" }, 400, "BadRequest", "the body is not an AdmissionReview of admission.k8s.io/v1"],
    [
      "a review of v1beta1",
      { body: text({ ...review(), apiVersion: "admission.k8s.io/v1beta1" }) },
      400,
      "BadRequest",
      "set admissionReviewVersions to [v1]",
    ],
    ["another kind", { body: text({ ...review(), kind: "ConversionReview" }) }, 400, "BadRequest", "AdmissionReview"],
    ["a review of nothing", { body: text(envelope) }, 400, "BadRequest", "the AdmissionReview has no request"],
    ["no uid", { body: reviewText({ uid: undefined }) }, 400, "BadRequest", "request.uid is empty or not a string"],
    ["an empty uid", { body: reviewText({ uid: "" }) }, 400, "BadRequest", "request.uid is empty or not a string"],
    [
      "a uid that is a number",
      { body: reviewText({ uid: 7 }) },
      400,
      "BadRequest",
      "request.uid is empty or not a string",
    ],
    ["the request alone", { body: text(request) }, 400, "BadRequest", "AdmissionReview of admission.k8s.io/v1"],
    ["no content type", { headers: {}, body: reviewText() }, 415, "UnsupportedMediaType", "must be application/json"],
    ["text", { headers: { "content-type": "text/plain" }, body: reviewText() }, 415, "UnsupportedMediaType", "json"],
    [
      "JSON of another kind",
      { headers: { "content-type": "application/json-patch+json" }, body: reviewText() },
      415,
      "UnsupportedMediaType",
      "the Content-Type must be application/json",
    ],
    ["one character too many", { body: "x".repeat(limit + 1) }, 413, "RequestEntityTooLarge", "6291457 bytes or more"],
    ["the most characters, of more bytes", { body: "é".repeat(limit) }, 400, "BadRequest", "the body is not JSON"],
    [
      "one byte too many, as base64",
      { body: "x".repeat(limit + 1), base64: true },
      413,
      "RequestEntityTooLarge",
      "6291457",
    ],
    ["the most bytes", { body: "x".repeat(limit) }, 400, "BadRequest", "the body is not JSON"],
    ["the most bytes, as base64", { body: "x".repeat(limit), base64: true }, 400, "BadRequest", "is not JSON"],
  ])("%s", async (_, call, code, reason, says) => {
    const { send, asked, logged } = guarded();
    const { status, json } = await send(post(call));
    expect(json).toEqual({
      apiVersion: "v1",
      kind: "Status",
      metadata: {},
      status: "Failure",
      message: expect.stringContaining(says),
      reason,
      code,
    });
    expect(status).toBe(code);
    expect(asked).toEqual([]);
    expect(logged).toEqual([refused(code)]);
  });
});

/** Every event here throws when its body is read. */
const unread = (call: Call, eventOf = httpApi) =>
  Object.defineProperty(eventOf({ path, ...call }), "body", {
    get: () => {
      throw new Error("the body was read");
    },
  });

describe("an unknown caller", () => {
  const nowhere = "/no/such/route";
  const validate = path.replace("mutate", "validate");

  const strangers: readonly (readonly [string, Call])[] = [
    ["asks for an unknown route", { path: nowhere }],
    ["asks for the root", { path: "/" }],
    ["asks with a wrong key", { path: "/clusters/prod/another-key/mutate" }],
    ["asks with a key of the same length", { path: `/clusters/prod/${key.replace("a", "b")}/mutate` }],
    ["asks with the key in another case", { path: `/clusters/prod/${key.toUpperCase()}/mutate` }],
    ["asks with the hash in place of the key", { path: `/clusters/prod/${hashOfKey(key)}/mutate` }],
    ["asks without a key", { path: "/clusters/prod/mutate" }],
    ["asks with an empty key", { path: "/clusters/prod//mutate" }],
    ["asks for an unknown cluster", { path: `/clusters/staging/${key}/mutate` }],
    ["asks for a cluster with the name of an object's member", { path: `/clusters/__proto__/${key}/mutate` }],
    ["asks for another endpoint", { path: `/clusters/prod/${key}/convert` }],
    ["asks for more", { path: `${path}/more` }],
    ["asks with a slash at the end", { path: `${path}/` }],
    ["asks with two slashes", { path: `/${path}` }],
    ["asks without the endpoint", { path: `/clusters/prod/${key}` }],
    ["asks for a route of the local server", { path: "/mutate" }],
    ["GETs", { method: "GET" }],
    ["HEADs", { method: "HEAD" }],
    ["PUTs", { method: "PUT" }],
    ["DELETEs", { method: "DELETE", path: validate }],
    ["asks for OPTIONS", { method: "OPTIONS" }],
    ["posts in small letters", { method: "post" }],
    ["POSTs to /livez", { path: "/livez" }],
    ["HEADs /readyz", { method: "HEAD", path: "/readyz" }],
    ["brings a wrong token", { path: "/clusters/prod/mutate", headers: { authorization: "Bearer another-key" } }],
    ["brings an empty token", { path: "/clusters/prod/mutate", headers: { authorization: "Bearer " } }],
    ["brings a token of another scheme", { path: "/clusters/prod/mutate", headers: { authorization: `Basic ${key}` } }],
    [
      "brings a wrong key in the path and a right token",
      { path: "/clusters/prod/another-key/mutate", headers: { authorization: `Bearer ${key}` } },
    ],
  ];

  test.each(strangers)("that %s gets the same 404 as all others, and the body stays unread", async (_, call) => {
    const { send, asked, logged } = guarded();
    const { result } = await send(unread(call));
    expect(result).toEqual((await send(httpApi({ path: nowhere, method: "GET" }))).result);
    expect(result).toEqual({
      statusCode: 404,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: '{"apiVersion":"v1","kind":"Status","metadata":{},"status":"Failure","message":"unknown path, cluster or key","reason":"NotFound","code":404}',
      isBase64Encoded: false,
    });
    expect([asked, logged]).toEqual([[], [refused(404), refused(404, false)]]);
  });

  test.each([functionUrl, restApi])("stays unknown through another gateway", async (eventOf) => {
    const { send } = guarded();
    const [stranger, lost] = [
      unread({ path: "/clusters/prod/another-key/mutate" }, eventOf),
      eventOf({ path: nowhere }),
    ];
    expect((await send(stranger)).result).toEqual((await send(lost)).result);
  });

  test("is every caller of a cluster without keys", async () => {
    const { send } = guarded({ cluster: { keys: [] } });
    expect((await send(unread({}))).status).toBe(404);
    expect((await send(unread({ path: "/clusters/prod/mutate" }))).status).toBe(404);
  });

  test("is a caller without a key where the hash of an empty key was stored", async () => {
    const { send } = guarded({ cluster: { keys: [hashOfKey("")] } });
    expect((await send(unread({ path: "/clusters/prod/mutate" }))).status).toBe(404);
  });
});

describe("a known caller", () => {
  const body = reviewText();

  test.each<[string, Call]>([
    ["by the key in the path, to mutate", { path }],
    ["by the key in the path, to validate", { path: `/clusters/prod/${key}/validate` }],
    [
      "by a bearer token",
      {
        path: "/clusters/prod/mutate",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      },
    ],
    [
      "by a token whose scheme is in lower case",
      {
        path: "/clusters/prod/mutate",
        headers: { "content-type": "application/json", authorization: `bearer  ${key}` },
      },
    ],
  ])("%s, is answered", async (_, call) => {
    const { send } = guarded();
    expect((await send(httpApi({ ...call, body }))).json.kind).toBe("AdmissionReview");
  });

  test("may use either of two keys while one replaces the other", async () => {
    const { send } = guarded({ cluster: { keys: [hashOfKey("old"), hashOfKey("new")] } });
    const statuses = ["old", "new", "older"].map(
      async (one) => (await send(httpApi({ path: `/clusters/prod/${one}/mutate`, body }))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 404]);
  });

  test("needs no key for the local server's own routes", async () => {
    const { cluster } = guarded();
    const { send, logged } = guarded({ dependencies: { local: { ...cluster, name: "local", keys: [] } } });
    for (const local of ["/mutate", "/validate"])
      expect((await send(httpApi({ path: local, body }))).json.kind).toBe("AdmissionReview");
    expect(logged).toMatchObject([
      { cluster: "local", endpoint: "mutate" },
      { cluster: "local", endpoint: "validate" },
    ]);
  });
});

describe.each(Object.entries(gateways))("probes through a %s", (_, eventOf) => {
  const ok = { status: 200, json: { status: "ok" } };

  test("the function is live, and ready with a cluster", async () => {
    const { send } = guarded();
    expect(await send(unread({ method: "GET", path: "/livez" }, eventOf))).toMatchObject(ok);
    expect(await send(unread({ method: "GET", path: "/readyz" }, eventOf))).toMatchObject(ok);
  });

  test("the function is live, and not ready without one", async () => {
    const registry = { clusters: new Map(), problems: ["the registry /opt/registry/kubeconfig cannot be read"] };
    const { send } = guarded({ dependencies: { registry } });
    expect(await send(eventOf({ method: "GET", path: "/livez" }))).toMatchObject(ok);
    const { status, json } = await send(eventOf({ method: "GET", path: "/readyz" }));
    expect([status, json.kind, json.reason]).toEqual([503, "Status", "ServiceUnavailable"]);
    expect(JSON.stringify(json)).not.toContain("/opt");
  });
});
