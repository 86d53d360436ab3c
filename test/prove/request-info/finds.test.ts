import { afterAll, beforeAll, expect, test } from "vitest";
import { isProblem } from "../../../lib/meta/json.ts";
import { readRequestInfo } from "../../../lib/proxy/index.ts";
import { type RequestInfoGround, startRequestInfoGround } from "./ground.ts";
import { proveRequestInfo } from "./prove.ts";

// Wrong on purpose: what compares must find that out.

let ground: RequestInfoGround;
beforeAll(async () => {
  ground = await startRequestInfoGround();
});
afterAll(() => ground?.stop());

const reading =
  (change: (method: string, target: string) => readonly [method: string, target: string]) =>
  (method: string, target: string) =>
    readRequestInfo(...change(method, target));

test.each<readonly [string, typeof readRequestInfo, RegExp]>([
  [
    "resolves dots",
    reading((method, target) => {
      const { pathname, search } = new URL(`https://host/${target}`);
      return [method, pathname.slice(1) + search];
    }),
    /\.\./,
  ],
  ["splits before it decodes", reading((method, target) => [method, target.replace(/%2f/gi, "%252F")]), /%2F/i],
  ["drops empty segments", reading((method, target) => [method, target.replace(/\/{2,}/g, "/")]), /\/\//],
  ["decodes twice", reading((method, target) => [method, target.replaceAll("%25", "%")]), /%25/],
  ["reads methods in any case", reading((method, target) => [method.toUpperCase(), target]), /verb/],
  [
    "takes every value of watch for true",
    reading((method, target) => [method, target.replace(/watch=[^&]+/, "watch=1")]),
    /verb/,
  ],
  [
    "overlooks the name that a selector says",
    (method, target) => {
      const info = readRequestInfo(method, target);
      return isProblem(info) || info.fieldSelector === "" ? info : { ...info, name: "" };
    },
    /objectRef/,
  ],
  [
    "leaves label selectors away",
    (method, target) => {
      const info = readRequestInfo(method, target);
      return isProblem(info) ? info : { ...info, labelSelector: "" };
    },
    /question.*labelSelector/,
  ],
])("a reader that %s is found out", async (_, read, found) => {
  const { figures, counterexamples } = await proveRequestInfo({ ground, seed: 7, requests: 1_500, read });
  expect(figures.disagreed).toBeGreaterThan(0);
  const seen = counterexamples.map(({ asked, disagreement }) => `${asked.target} ${disagreement}`).join("\n");
  expect(seen).toMatch(found);
});
