import { expect, test } from "vitest";
import { cappedWatch } from "../../../../functions/streaming/capped-watch.ts";

const pods = "/api/v1/namespaces/a/pods";

test.each<[what: string, method: string, target: string, expected: string]>([
  ["a list", "GET", `${pods}?limit=500`, `${pods}?limit=500`],
  ["a list that is asked to take long", "GET", `${pods}?timeoutSeconds=900`, `${pods}?timeoutSeconds=900`],
  ["a get with a stray watch", "GET", `${pods}/p1?watch=1`, `${pods}/p1?watch=1`],
  ["another path", "GET", "/healthz?watch=1", "/healthz?watch=1"],
  ["a create", "POST", `${pods}?watch=1`, `${pods}?watch=1`],
  ["a watch without a limit", "GET", `${pods}?watch=1`, `${pods}?watch=1&timeoutSeconds=240`],
  ["a watch in the path, without a query", "GET", "/api/v1/watch/pods", "/api/v1/watch/pods?timeoutSeconds=240"],
  ["a shorter limit", "GET", `${pods}?timeoutSeconds=5&watch=1`, `${pods}?watch=1&timeoutSeconds=5`],
  ["a longer limit", "GET", `${pods}?timeoutSeconds=600&watch=1`, `${pods}?watch=1&timeoutSeconds=240`],
  [
    "the longest limit",
    "GET",
    `${pods}?timeoutSeconds=9223372036854775807&watch=1`,
    `${pods}?watch=1&timeoutSeconds=240`,
  ],
  [
    "zero, which is as long as the API server likes",
    "GET",
    `${pods}?watch=1&timeoutSeconds=0`,
    `${pods}?watch=1&timeoutSeconds=240`,
  ],
  [
    "two limits, of which the first counts",
    "GET",
    `${pods}?watch=1&timeoutSeconds=9&timeoutSeconds=700`,
    `${pods}?watch=1&timeoutSeconds=9`,
  ],
  ["an encoded name", "GET", `${pods}?watch=1&timeoutSecond%73=700`, `${pods}?watch=1&timeoutSeconds=240`],
  [
    "a pair with a semicolon, which does not count",
    "GET",
    `${pods}?watch=1&timeoutSeconds=1;`,
    `${pods}?watch=1&timeoutSeconds=1;&timeoutSeconds=240`,
  ],
  [
    "an empty value, which is refused by the API server",
    "GET",
    `${pods}?watch=1&timeoutSeconds=`,
    `${pods}?watch=1&timeoutSeconds=`,
  ],
  [
    "a word, which is refused by the API server",
    "GET",
    `${pods}?watch=1&timeoutSeconds=5s`,
    `${pods}?watch=1&timeoutSeconds=5s`,
  ],
])("%s", (_, method, target, expected) => {
  expect(cappedWatch(method, target, 240)).toBe(expected);
});
