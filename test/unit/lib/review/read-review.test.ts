import { describe, expect, test } from "vitest";
import { isProblem, readReview } from "../../../../lib/index.ts";
import { reviewText, template, uid } from "../decision/given.ts";

const read = (text: string) => {
  const review = readReview(text);
  if (isProblem(review)) throw new Error(review.problem);
  return review;
};
const requestOf = (text: string) => {
  const { request } = read(text);
  if (isProblem(request)) throw new Error(request.problem);
  return request;
};

describe("what cannot be answered as a review is a problem", () => {
  const envelope = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
  const other = "the body is not an AdmissionReview of admission.k8s.io/v1; set admissionReviewVersions to [v1]";

  test.each([
    ["no text", "", "the body is not JSON"],
    ["no JSON", "{", "the body is not JSON"],
    ["two documents", "{}{}", "the body is not JSON"],
    ["null", "null", other],
    ["a list", "[]", other],
    ["a string", '"AdmissionReview"', other],
    ["an object", "{}", other],
    ["another kind", JSON.stringify({ ...envelope, kind: "ConversionReview", request: { uid } }), other],
    [
      "another version",
      JSON.stringify({ ...envelope, apiVersion: "admission.k8s.io/v1beta1", request: { uid } }),
      other,
    ],
    ["no request", JSON.stringify(envelope), "the AdmissionReview has no request"],
    ["a request that is a list", JSON.stringify({ ...envelope, request: [] }), "the AdmissionReview has no request"],
    ["no uid", JSON.stringify({ ...envelope, request: {} }), "request.uid is empty or not a string"],
    ["an empty uid", JSON.stringify({ ...envelope, request: { uid: "" } }), "request.uid is empty or not a string"],
    [
      "a number for a uid",
      JSON.stringify({ ...envelope, request: { uid: 1 } }),
      "request.uid is empty or not a string",
    ],
    [
      "members that only their prototype has",
      '{"__proto__":{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}}',
      other,
    ],
  ])("%s", (_, text, problem) => {
    expect(readReview(text)).toEqual({ problem });
  });
});

test("a review is read as the API server writes it", () => {
  const object = template("bob");
  const text = reviewText({ object, by: { username: "alice", groups: ["g"] } });
  const { request, ...review } = read(text);
  expect(review).toEqual({
    uid,
    dryRun: false,
    subject: { group: "deploy.razee.io", kind: "MustacheTemplate", name: "demo" },
  });
  expect(request).toMatchObject({
    operation: "CREATE",
    resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
    kind: { group: "deploy.razee.io", kind: "MustacheTemplate" },
    subResource: "",
    namespace: "team-a",
    requester: { username: "alice", groups: ["g"], extra: {} },
    object,
    oldObject: null,
  });
});

test.each([
  ["a line break at the end, which the API server sends", `${reviewText({})}\n`],
  ["space around it", ` \n${reviewText({})} \t`],
])("%s does not matter", (_, text) => {
  expect(read(text).uid).toBe(uid);
});

test.each([
  [
    { name: undefined, kind: undefined, namespace: undefined },
    { group: "", kind: "", name: "" },
  ],
  [
    { name: null, kind: null },
    { group: "", kind: "", name: "" },
  ],
  [
    { name: 5, kind: { group: 5, kind: [] } },
    { group: "", kind: "", name: "" },
  ],
])("a name and a kind that are not there are empty: %j", (request, subject) => {
  expect(read(reviewText({ request })).subject).toEqual(subject);
});

test.each([
  [true, true],
  [false, false],
  [undefined, false],
  ["true", false],
])("dryRun %j is read as %s", (dryRun, expected) => {
  expect(read(reviewText({ request: { dryRun } })).dryRun).toBe(expected);
});

test("a requester that cannot be read leaves the rest of the request readable", () => {
  expect(requestOf(reviewText({ by: null })).requester).toEqual({ problem: "request.userInfo is not an object" });
});

test.each([[undefined], [null]])("a cluster-scoped object has no namespace: %j", (namespace) => {
  expect(requestOf(reviewText({ request: { namespace } })).namespace).toBe("");
});

describe("both objects again, with big numbers as their text", () => {
  const exactOf = (object: string, old: string) => requestOf(reviewText({ objectText: object, oldText: old })).exact();
  const descriptions = (value: unknown): unknown =>
    typeof value === "symbol"
      ? { text: value.description }
      : Array.isArray(value)
        ? value.map(descriptions)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, descriptions(each)]))
          : value;

  test("where a double is too coarse", () => {
    const exact = exactOf(
      '{"a":9007199254740993,"b":[9007199254740993.0,-9007199254740993],"c":9007199254740991}',
      '{"a":1e400,"b":"9007199254740993","c":1.0}',
    );
    expect(descriptions(exact)).toEqual({
      object: {
        a: { text: "9007199254740993" },
        b: [{ text: "9007199254740993.0" }, { text: "-9007199254740993" }],
        c: 9007199254740991,
      },
      oldObject: { a: { text: "1e400" }, b: "9007199254740993", c: 1 },
    });
  });

  test.each([
    ["null", "{}"],
    ["{}", "null"],
    ["[]", "{}"],
  ])("they must both be there: %s and %s", (object, old) => {
    expect(exactOf(object, old)).toBeUndefined();
  });
});
