import { expect, test } from "vitest";
import { isObject, isProblem, member } from "../../../../lib/meta/json.ts";

test.each([
  [{}, true],
  [{ problem: 1 }, true],
  [[], false],
  [null, false],
  [undefined, false],
  ["{}", false],
  [0, false],
])("%j is an object: %s", (value, is) => {
  expect(isObject(value)).toBe(is);
});

test.each([
  [{ problem: "why" }, true],
  [{}, false],
  ["problem", false],
  [null, false],
  [Object.create({ problem: "inherited" }), false],
])("%j is a problem: %s", (value, is) => {
  expect(isProblem(value)).toBe(is);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "%s is a member only where the text had it",
  (key) => {
    expect(member({}, key)).toBeUndefined();
    expect(member(JSON.parse(`{"${key}":1}`), key)).toBe(1);
  },
);
