import { describe, expect, test } from "vitest";
import { readEvent } from "../../../../functions/gateway/read-event.ts";
import { gateways, httpApi, restApi } from "../../../support/gateway-events.ts";

describe("header lines", () => {
  const repeated = {
    ...restApi({}),
    headers: { "Impersonate-Group": "b", accept: "text/html" },
    multiValueHeaders: { "Impersonate-Group": ["a", "b", "a, c"], accept: ["text/html"] },
  };

  test("of a REST API keep their order, their case and their repeats", () => {
    expect(readEvent(repeated as never).headers).toEqual([
      ["Impersonate-Group", "a"],
      ["Impersonate-Group", "b"],
      ["Impersonate-Group", "a, c"],
      ["accept", "text/html"],
    ]);
  });

  test("of an HTTP API stay joined with commas", () => {
    const headers = { "impersonate-group": "a,b,a, c", accept: "text/html" };
    expect(readEvent(httpApi({ headers })).headers).toEqual(Object.entries(headers));
  });

  test("are looked up in any case; the first one counts", () => {
    const { header } = readEvent(repeated as never);
    expect([header("impersonate-group"), header("accept"), header("authorization")]).toEqual(["a", "text/html", ""]);
  });

  test.each([
    ["null", { headers: null, multiValueHeaders: null }, []],
    ["missing", { headers: undefined, multiValueHeaders: undefined }, []],
    ["there only once", { headers: { a: "1" }, multiValueHeaders: null }, [["a", "1"]]],
    ["there without a value", { headers: { a: undefined }, multiValueHeaders: undefined }, []],
  ])("that are %s", (_, members, lines) => {
    expect(readEvent({ ...restApi({}), ...members } as never).headers).toEqual(lines);
  });
});

describe.each(Object.entries(gateways))("an event of a %s", (_, eventOf) => {
  test("is read into method, path, query and time", () => {
    const call = { method: "PUT", path: "/a%2fb", query: { timeout: "5s" }, receivedAt: 1_795_306_141_304 };
    expect(readEvent(eventOf(call))).toMatchObject(call);
  });

  test("is read into its body, and a lower bound of the body's size", () => {
    for (const base64 of [false, true]) {
      const { size, body } = readEvent(eventOf({ body: "démo", base64 }));
      expect(body()).toBe("démo");
      expect(size()).toBe(base64 ? 5 : 4);
    }
  });
});

test("an event of another kind is refused", () => {
  expect(() => readEvent({ Records: [] } as never)).toThrow("the event is not from an HTTP API");
});
