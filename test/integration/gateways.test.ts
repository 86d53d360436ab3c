import { describe, expect, test } from "vitest";
import { type Call, gateways, httpApi, restApi } from "../support/gateway-events.ts";
import { guarded, key } from "../support/guarded.ts";
import { reviewText, uid } from "../support/reviews.ts";

const mutate: Call = { path: `/clusters/prod/${key}/mutate`, query: { timeout: "5s" }, body: reviewText() };

/** Requests that differ in the ways in which gateways differ. */
const ways: readonly (readonly [string, Call])[] = [
  ["as text", {}],
  ["as base64", { base64: true }],
  ["with Content-Type in capitals", { headers: { "Content-Type": "application/json" } }],
  ["with CONTENT-TYPE in capitals", { headers: { "CONTENT-TYPE": "application/json" } }],
  ["with a charset", { headers: { "content-type": "application/json; charset=utf-8" } }],
  ["with a charset and no space", { headers: { "content-type": "Application/JSON;charset=UTF-8" } }],
  ["through a stage called dev", { stage: "dev" }],
  ["through a stage called prod", { stage: "prod" }],
  ["through a stage called dev, as base64", { stage: "dev", base64: true }],
];

describe.each(Object.entries(gateways))("an event of a %s", (name, eventOf) => {
  test.each(ways)("that brings a review %s is judged, and answered in kind", async (_, way) => {
    const { send, asked } = guarded();
    const { status, json, result } = await send(eventOf({ ...mutate, ...way }));
    expect(status).toBe(200);
    expect(json.response).toMatchObject({ uid, allowed: true, auditAnnotations: { decision: "replaced" } });
    expect(asked).toMatchObject([{ questions: ["impersonate users/bob"] }]);
    expect(Object.keys(result).sort()).toEqual(
      ["body", "isBase64Encoded", name === "REST API" ? "multiValueHeaders" : "headers", "statusCode"].sort(),
    );
    expect(result["isBase64Encoded"]).toBe(false);
  });

  test("keeps every character of the body, as text and as base64", async () => {
    const named = (base64: boolean) => eventOf({ ...mutate, base64, body: reviewText({ name: "démo-山-🗝" }) });
    for (const base64 of [false, true]) {
      const { send, logged } = guarded();
      await send(named(base64));
      expect(logged).toMatchObject([{ name: "démo-山-🗝" }]);
    }
  });

  test("is read into the time of arrival and the timeout", async () => {
    const { send, asked } = guarded();
    const receivedAt = Date.now() - 300;
    await send(eventOf({ ...mutate, receivedAt }));
    expect(asked).toMatchObject([{ deadline: receivedAt + 4_000 }]);
  });

  test("without headers, query and body is answered too", async () => {
    const { send } = guarded();
    const bare = {
      ...eventOf({ ...mutate, body: "" }),
      ...{ headers: null, multiValueHeaders: null, queryStringParameters: null, body: null },
    };
    expect(await send(bare as never)).toMatchObject({ status: 415, json: { kind: "Status" } });
  });

  test("carries a bearer token in place of the key in the path", async () => {
    const { send } = guarded();
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${key}` };
    expect(await send(eventOf({ ...mutate, path: "/clusters/prod/validate", headers }))).toMatchObject({ status: 200 });
  });
});

test("the answers to one call are the same through every gateway", async () => {
  const { send } = guarded();
  const answers = await Promise.all(Object.values(gateways).map((eventOf) => send(eventOf(mutate))));
  const texts = new Set(answers.map(({ status, json }) => JSON.stringify([status, json])));
  expect(texts.size).toBe(1);
});

test("a path that begins like the stage's name, and does not follow it, stays as it is", async () => {
  const { send } = guarded();
  expect(
    (await send({ ...httpApi(mutate), requestContext: { ...httpApi(mutate).requestContext, stage: "clus" } } as never))
      .status,
  ).toBe(200);
  expect((await send(restApi({ ...mutate, stage: "clusters" }))).status).toBe(200);
});

test.each<[string, object]>([
  ["a console's test event", { key1: "value1" }],
  ["a schedule", { source: "aws.events", detail: {} }],
  ["a queue", { Records: [] }],
])("the event of %s is not a request: 500, and nothing internal", async (_, event) => {
  const { send, logged } = guarded();
  expect(await send(event as never)).toMatchObject({ status: 500, json: { kind: "Status", reason: "InternalError" } });
  expect(logged).toMatchObject([
    { event: "fault", failure: "fault", fault: expect.stringMatching(/^UnknownEventError/) },
  ]);
});

test.each([null, "text", 5, [[]]])("%j, which only an invocation by hand can send, is answered too", async (event) => {
  const { send, logged } = guarded();
  expect(await send(event as never)).toMatchObject({ status: 500, json: { kind: "Status", reason: "InternalError" } });
  expect(logged).toMatchObject([{ event: "fault", failure: "fault" }]);
});
