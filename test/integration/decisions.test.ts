import { afterEach, describe, expect, test, vi } from "vitest";
import type { Policy } from "../../lib/policy/index.ts";
import { httpApi } from "../support/gateway-events.ts";
import { type Guarded, guarded, key, policyOf, yes } from "../support/guarded.ts";
import { reviewText, template, uid } from "../support/reviews.ts";

const post = (request: Readonly<Record<string, unknown>> = {}, endpoint = "mutate", timeout = "10s") =>
  httpApi({ path: `/clusters/prod/${key}/${endpoint}`, query: { timeout }, body: reviewText(request) });

const patchOf = ({ patch }: { readonly patch: string }) => JSON.parse(Buffer.from(patch, "base64").toString("utf8"));

describe("a review is answered", () => {
  test("with the patch, the warning and the annotations of a replaced name", async () => {
    const { status, json } = await guarded().send(post());
    expect(status).toBe(200);
    expect(json).toEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: {
        uid,
        allowed: true,
        patchType: "JSONPatch",
        patch: expect.any(String),
        warnings: ['spec.clusterAuth.impersonateUser: "bob" replaced by "alice", who may not impersonate it'],
        auditAnnotations: {
          decision: "replaced",
          reason: "forbidden",
          requester: "alice",
          declared: "bob",
          effective: "alice",
        },
      },
    });
    expect(patchOf(json.response)).toEqual([
      { op: "replace", path: "/spec/clusterAuth/impersonateUser", value: "alice" },
    ]);
  });

  test("with a denial where nothing may be patched", async () => {
    const { status, json } = await guarded().send(post({}, "validate"));
    expect(status).toBe(200);
    expect(json.response).toMatchObject({
      allowed: false,
      status: { status: "Failure", reason: "Forbidden", code: 403 },
      auditAnnotations: { decision: "denied", reason: "forbidden" },
    });
    expect(json.response).not.toHaveProperty("patch");
  });

  test("with nothing but annotations where the name is permitted", async () => {
    const { json } = await guarded({ ask: yes }).send(post());
    expect(Object.keys(json.response).sort()).toEqual(["allowed", "auditAnnotations", "uid"]);
    expect(json.response.allowed).toBe(true);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["self", { object: template("alice") }, "self"],
    ["nothing", { object: template() }, "defaulted"],
    ["an unchanged object", { operation: "UPDATE", object: template("bob"), oldObject: template("bob") }, "skipped"],
    ["a deletion", { operation: "DELETE", object: null, oldObject: template("bob") }, "skipped"],
  ])("without a question for %s", async (_, request, decision) => {
    const { send, asked } = guarded();
    expect((await send(post(request))).json.response.auditAnnotations.decision).toBe(decision);
    expect(asked).toEqual([]);
  });

  test("alike in a dry run", async () => {
    const { send } = guarded();
    expect((await send(post({ dryRun: true }))).json).toEqual((await send(post())).json);
  });
});

describe("a review that has a uid and cannot be judged is denied with 200, and says why", () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["no requester", { userInfo: undefined }, "request.userInfo is not an object"],
    [
      "a requester without a name",
      { userInfo: { username: "" } },
      "request.userInfo.username is empty or not a string",
    ],
    [
      "a requester who is a number",
      { userInfo: { username: 7 } },
      "request.userInfo.username is empty or not a string",
    ],
    ["groups that are not a list", { userInfo: { username: "alice", groups: "dev" } }, "request.userInfo.groups"],
    ["extra that is a list", { userInfo: { username: "alice", extra: [] } }, "request.userInfo.extra is not an object"],
    ["no object", { object: null }, "request.object is not an object"],
    ["an object that is a list", { object: [] }, "request.object is not an object"],
    ["an update without the old object", { operation: "UPDATE" }, "request.oldObject is not an object"],
    ["no operation", { operation: undefined }, "request.operation is not a string"],
    ["an unknown operation", { operation: "create" }, 'request.operation "create" is unknown'],
    ["no resource", { resource: undefined }, "request.resource is not an object"],
    ["half a resource", { resource: { group: "deploy.razee.io" } }, "request.resource is not a group, a version and"],
    ["a subresource that is a number", { subResource: 1 }, "request.subResource is not a string"],
    ["a namespace that is a list", { namespace: ["team-a"] }, "request.namespace is not a string"],
  ])("%s", async (_, request, says) => {
    const { status, json } = await guarded({ ask: yes }).send(post(request));
    expect(status).toBe(200);
    expect(json.response).toMatchObject({
      uid,
      allowed: false,
      status: { status: "Failure", reason: "InternalError", code: 500, message: expect.stringContaining(says) },
      auditAnnotations: { decision: "denied" },
    });
    expect(json.response).not.toHaveProperty("patch");
  });
});

/** A part of our own code breaks, with a message that no caller may read. */
const broken: readonly (readonly [string, (policy: Policy) => Guarded])[] = [
  [
    "ask rejects",
    (policy) => ({ cluster: { policy }, ask: () => Promise.reject(new Error("Bearer s3cret of-nobodys-business")) }),
  ],
  [
    "ask throws",
    (policy) => ({
      cluster: { policy },
      ask: () => {
        throw new TypeError("Bearer s3cret of-nobodys-business");
      },
    }),
  ],
  [
    "ask throws something that is not an error",
    (policy) => ({ cluster: { policy }, ask: () => Promise.reject("Bearer s3cret") }),
  ],
  ["ask comes back with nothing", (policy) => ({ cluster: { policy }, ask: async () => undefined as never })],
  ["ask comes back with half", (policy) => ({ cluster: { policy }, ask: async () => [] })],
  ["ask comes back with nonsense", (policy) => ({ cluster: { policy }, ask: async () => ["yes"] as never })],
  [
    "the policy breaks the judge",
    (policy) => ({
      ask: yes,
      cluster: {
        policy: {
          ...policy,
          get targets(): never {
            throw new Error("Bearer s3cret of-nobodys-business");
          },
        },
      },
    }),
  ],
];

describe.each(broken)("where %s", (_, made) => {
  test("enforcement denies with 200", async () => {
    const { send, logged } = guarded(made(policyOf()));
    const { status, json } = await send(post());
    expect(status).toBe(200);
    expect(json.response).toMatchObject({
      uid,
      allowed: false,
      status: { code: expect.toBeOneOf([500, 502]), message: expect.stringMatching(/failed|could not be found out/) },
      auditAnnotations: { decision: "denied", reason: expect.toBeOneOf(["malformed-review", "no-answer"]) },
    });
    expect(JSON.stringify([json, logged])).not.toMatch(/s3cret|of-nobodys-business/);
  });

  test("audit allows, changes nothing and warns", async () => {
    const { json } = await guarded(made(policyOf("audit"))).send(post());
    expect(json.response).toMatchObject({
      uid,
      allowed: true,
      warnings: [expect.stringMatching(/^audit \(not enforced\): .*(failed|could not be found out)/)],
      auditAnnotations: { decision: "denied", enforcement: "audit" },
    });
    expect(json.response).not.toHaveProperty("patch");
  });
});

/** The entry, as it would be written. */
const keysOf = (entry: unknown) => Object.keys(JSON.parse(JSON.stringify(entry))).sort();

describe("the log", () => {
  const documented = [
    "cluster",
    "cold",
    "decision",
    "declared",
    "dryRun",
    "effective",
    "endpoint",
    "enforcement",
    "event",
    "message",
    "milliseconds",
    "name",
    "namespace",
    "operation",
    "questionMilliseconds",
    "questions",
    "reason",
    "requester",
    "resource",
    "uid",
  ];
  const unjudged = [...documented, "failure"].sort();

  test.each<[string, Readonly<Record<string, unknown>>, (readonly string[])?]>([
    ["replaced", {}],
    ["self", { object: template("alice") }],
    ["defaulted", { object: template() }],
    ["denied", { object: template({ password: "of-nobodys-business" }) }],
    ["denied", { object: template(["of-nobodys-business"]) }],
    ["denied", { userInfo: null }, unjudged],
    ["denied", { resource: "of-nobodys-business" }, unjudged],
    ["skipped", { operation: "DELETE", object: null, oldObject: template("bob") }],
  ])("of a review that is %s holds the documented keys, and nothing of the object", async (decision, request, keys) => {
    const { send, logged } = guarded();
    await send(post(request));
    expect(logged).toMatchObject([{ cluster: "prod", endpoint: "mutate", uid, decision, name: "demo" }]);
    expect(keysOf(logged[0])).toEqual(keys ?? documented);
    expect(JSON.stringify(logged)).not.toMatch(/of-nobodys-business|a-key-of-prod/);
  });

  test("of a replaced review holds all of this", async () => {
    const context = { awsRequestId: "request-1", xRayTraceId: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1" };
    const { send, logged } = guarded({ context });
    const event = post({ dryRun: true }, "validate");
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await send({ ...event, headers: { ...event.headers, TraceParent: traceparent } });
    expect(logged).toEqual([
      {
        event: "decision",
        cluster: "prod",
        endpoint: "validate",
        uid,
        resource: "mustachetemplates.v1alpha2.deploy.razee.io",
        namespace: "team-a",
        name: "demo",
        operation: "CREATE",
        dryRun: true,
        decision: "denied",
        reason: "forbidden",
        message: expect.stringContaining('alice may not impersonate "bob"'),
        enforcement: "enforce",
        requester: "alice",
        declared: "bob",
        effective: "",
        questions: 1,
        questionMilliseconds: expect.any(Number),
        milliseconds: expect.any(Number),
        cold: true,
        requestId: "request-1",
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        xrayTraceId: "1-5759e988-bd862e3fe1be46a994272793",
      },
    ]);
  });

  test("of the calls after the first says that the function is warm", async () => {
    const { send, logged } = guarded();
    for (let calls = 0; calls < 3; calls += 1) await send(post());
    expect(logged.map(({ cold }) => cold)).toEqual([true, false, false]);
  });

  test("of questions without answers says that this is a failure, and its class", async () => {
    const ask = async () => [{ code: 503, failure: "the API server is down" } as const];
    const { send, logged } = guarded({ ask });
    await send(post());
    expect(logged).toMatchObject([{ decision: "denied", reason: "no-answer", failure: "cluster-unreachable" }]);
  });

  test("of a fault in our own code holds the error's name and stack, not its message", async () => {
    const { send, logged } = guarded({ ask: () => Promise.reject(new RangeError("Bearer s3cret\n    at somewhere")) });
    await send(post());
    expect(keysOf(logged[0])).toEqual([...unjudged, "fault"].sort());
    const fault = expect.stringMatching(/^RangeError\n {4}at .*decisions\.test\.ts/);
    expect(logged).toMatchObject([{ failure: "fault", fault }]);
  });
});

describe("the time that the cluster has to answer", () => {
  const now = Date.now();
  afterEach(() => void vi.useRealTimers());

  test.each([
    ["1s", 500],
    ["2s", 1_000],
    ["5s", 4_000],
    ["10s", 9_000],
  ])("a timeout of %s", async (timeout, milliseconds) => {
    const { send, asked } = guarded();
    await send({
      ...post({}, "mutate", timeout),
      requestContext: { http: { method: "POST" }, timeEpoch: now },
    } as never);
    expect(asked).toMatchObject([{ deadline: now + milliseconds }]);
  });

  test("is no longer than the function's own", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now });
    const { send, asked } = guarded({ remaining: 2_000 });
    await send(post({}, "mutate", "30s"));
    expect(asked).toMatchObject([{ deadline: now + 1_700 }]);
  });

  test("a question that is never answered ends before the function does", async () => {
    const { send, logged } = guarded({ remaining: 200, ask: () => new Promise(() => {}) });
    expect(await send(post())).toMatchObject({ status: 500, json: { kind: "Status", reason: "InternalError" } });
    expect(logged).toMatchObject([{ event: "fault", failure: "fault", fault: expect.stringMatching(/^TimeoutError/) }]);
  });
});
