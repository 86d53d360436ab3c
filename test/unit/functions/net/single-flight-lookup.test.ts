import type { LookupFunction } from "node:net";
import { expect, test } from "vitest";
import { singleFlightLookup } from "../../../../functions/net/single-flight-lookup.ts";

type Callback = Parameters<LookupFunction>[2];

const setUp = () => {
  const asked: { readonly hostname: string; readonly answer: Callback }[] = [];
  const lookup = singleFlightLookup((hostname, _, answer) => void asked.push({ hostname, answer }));
  const told: unknown[][] = [];
  const want = () => lookup("cluster.example.com", { all: true }, (...found) => void told.push(found));
  return { asked, told, want };
};

test("all who wait share one look-up, and the next call starts another", () => {
  const { asked, told, want } = setUp();
  for (let nth = 0; nth < 16; nth++) want();
  expect(asked.map(({ hostname }) => hostname)).toEqual(["cluster.example.com"]);
  asked[0]?.answer(null, [{ address: "192.0.2.1", family: 4 }]);
  expect(told).toEqual(Array(16).fill([null, [{ address: "192.0.2.1", family: 4 }]]));
  want();
  expect(asked).toHaveLength(2);
});

test("all who wait share a failure, and it is not kept", () => {
  const { asked, told, want } = setUp();
  want();
  want();
  const error = Object.assign(new Error("no such host"), { code: "ENOTFOUND" });
  asked[0]?.answer(error, "", 0);
  expect(told).toEqual(Array(2).fill([error, "", 0]));
  want();
  asked[1]?.answer(null, "192.0.2.1", 4);
  expect(told.at(-1)).toEqual([null, "192.0.2.1", 4]);
});

test("a call from inside a callback starts another look-up", () => {
  const { asked, want } = setUp();
  const lookup = singleFlightLookup((hostname, _, answer) => void asked.push({ hostname, answer }));
  lookup("cluster.example.com", {}, want);
  asked[0]?.answer(null, "192.0.2.1", 4);
  expect(asked).toHaveLength(2);
});
