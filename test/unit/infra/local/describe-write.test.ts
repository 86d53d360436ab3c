import { expect, test } from "vitest";
import { describeWrite } from "../../../../infra/local/describe-write.ts";

const before = { kind: "Pod", metadata: { name: "a", labels: { a: "1" } }, spec: { a: [1] }, status: {} };
const update = (object: object) => ({ operation: "UPDATE", object, oldObject: before });

test.each([
  ["a new object", { operation: "CREATE", object: before }, "create"],
  ["a deletion", { operation: "DELETE", oldObject: before }, "delete"],
  ["an edit of the spec", update({ ...before, spec: { a: [2] } }), "edit spec"],
  ["an edit of labels", update({ ...before, metadata: { name: "a", labels: { a: "2" } } }), "edit labels"],
  [
    "an edit of several parts",
    update({ ...before, metadata: { name: "a" }, spec: {}, data: 1 }),
    "edit labels, spec, data",
  ],
  ["metadata that goes away", update({ ...before, metadata: undefined }), "edit metadata"],
  ["the order of members, which is no edit", update({ ...before, status: {}, kind: "Pod" }), "edit"],
  [
    "an edit of the status through its subresource",
    { ...update({ ...before, status: { a: 1 } }), subResource: "status" },
    "edit status",
  ],
  [
    "another subresource",
    { operation: "CREATE", subResource: "binding", object: { kind: "Binding" } },
    "create binding",
  ],
  ["a connection", { operation: "CONNECT", subResource: "exec", object: {} }, "connect to exec"],
  ["an edit without the old object", { operation: "UPDATE", object: before }, "edit"],
  ["a review that names no operation", { object: before }, ""],
  ["an operation that there is not", { operation: "PATCH" }, ""],
])("%s", (_, request, words) => {
  expect(describeWrite(request)).toBe(words);
});
