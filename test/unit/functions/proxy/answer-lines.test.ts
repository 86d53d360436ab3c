import { expect, test } from "vitest";
import { answerLines } from "../../../../functions/proxy/answer-lines.ts";

test("headers go on in order with their repeats, without those of the connection", () => {
  const headers = [
    ":status",
    "200",
    "Warning",
    "a",
    "Connection",
    "close",
    "x",
    "1",
    "Transfer-Encoding",
    "chunked",
    "warning",
    "b",
  ];
  expect(answerLines(headers, "")).toEqual(["Warning", "a", "x", "1", "warning", "b"]);
});

test.each([
  ["/api/v1", "/k8s/clusters/prod/api/v1"],
  ["https://other/api", "https://other/api"],
  ["relative", "relative"],
])("the location %s is %s to the client", (location, expected) => {
  expect(answerLines(["Location", location], "/k8s/clusters/prod")).toEqual(["Location", expected]);
});
