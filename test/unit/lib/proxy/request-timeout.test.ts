import { expect, test } from "vitest";
import { isLongRunning, type RequestInfo, readRequestInfo, requestTimeout } from "../../../../lib/proxy/index.ts";

test.each([
  ["/a", 60_000],
  ["/a?timeout=", 60_000],
  ["/a?timeout=1s", 1_000],
  ["/a?x=1&timeout=1m30s", 60_000],
  ["/a?timeout=1.5s", 1_500],
  ["/a?timeout=15s", 15_000],
  ["/a?timeout=12.5s", 12_500],
  ["/a?timeout=.5s", 500],
  ["/a?timeout=.25s", 250],
  ["/a?timeout=1s&x=%ff", 60_000],
  ["/a?timeout=250ms&timeout=1s", 250],
  ["/a?timeout=1%C2%B5s", 0.001],
  ["/a?timeout=2000%CE%BCs", 2],
  ["/a?timeout=2000us", 2],
  ["/a?timeout=1500000ns", 1.5],
  ["/a?timeout=0.001h", 3_600],
  ["/a?timeout=0", 60_000],
  ["/a?timeout=0s", 60_000],
  ["/a?timeout=-5s", 60_000],
])("%s may take %s milliseconds", (target, milliseconds) => {
  expect(requestTimeout(target, 60_000)).toBe(milliseconds);
});

test.each(["5", "s", "1d", "1s 2s", "soon", "1.s.", "--1s", "1e3s"])("?timeout=%s is refused", (text) => {
  expect(requestTimeout(`/a?timeout=${encodeURIComponent(text)}`, 60_000)).toEqual({
    problem: "invalid timeout specified in the request URL",
  });
});

test.each([
  ["GET", "/api/v1/pods?watch=1", true],
  ["GET", "/api/v1/watch/pods", true],
  ["GET", "/api/v1/proxy/namespaces/a/pods/b", true],
  ["GET", "/api/v1/namespaces/a/pods/b/log", true],
  ["POST", "/api/v1/namespaces/a/pods/b/exec", true],
  ["POST", "/api/v1/namespaces/a/pods/b/portforward", true],
  ["GET", "/api/v1/namespaces/a/services/b/proxy/x", true],
  ["GET", "/debug/pprof/profile", true],
  ["GET", "/api/v1/pods", false],
  ["GET", "/version", false],
])("whether %s %s is long-running: %s", (method, target, expected) => {
  expect(isLongRunning(readRequestInfo(method, target) as RequestInfo)).toBe(expected);
});
