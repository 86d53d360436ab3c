import { isObject } from "../meta/json.ts";

/** A number by its JSON text, for numbers that a double cannot tell apart. A symbol, because no JSON value is one. */
export function numberText(text: string | undefined): symbol {
  return Symbol(text);
}

/** A number whose text is unknown equals no number. */
const sameText = (a: symbol, b: symbol): boolean => a.description !== undefined && a.description === b.description;

const isInexact = (value: unknown): boolean => typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;

/**
 * Compares two JSON values. null differs from absent, an array differs from an object, and the order of an array counts. The result is
 * `alike` where only numbers beyond +-(2^53-1) could differ: as doubles they are equal, as text they may not be. Not recursive, because a
 * review may be nested deeper than the stack.
 */
export function compareJson(left: unknown, right: unknown): "equal" | "alike" | "different" {
  let outcome: "equal" | "alike" = "equal";
  const stack: unknown[] = [left, right];
  while (stack.length > 0) {
    const b = stack.pop();
    const a = stack.pop();
    if (typeof a === "symbol" && typeof b === "symbol") {
      if (!sameText(a, b)) return "different";
    } else if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return "different";
      // Equal plain values are left out, so that a long list does not fill the stack.
      for (let index = 0; index < a.length; index++)
        if (a[index] !== b[index] || isInexact(a[index])) stack.push(a[index], b[index]);
    } else if (isObject(a) && isObject(b)) {
      const keys = Object.keys(a);
      if (keys.length !== Object.keys(b).length) return "different";
      for (const key of keys) {
        if (!Object.hasOwn(b, key)) return "different";
        stack.push(a[key], b[key]);
      }
    } else if (a !== b) {
      return "different";
    } else if (isInexact(a)) {
      outcome = "alike";
    }
  }
  return outcome;
}
