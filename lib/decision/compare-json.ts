import { isObject } from "../meta/json.ts";

/** A number as JSON wrote it, for those that a double cannot tell apart: a symbol, which no JSON value is. */
export function numberText(text: string | undefined): symbol {
  return Symbol(text);
}

/** A number whose text is not known equals nothing. */
const sameText = (a: symbol, b: symbol): boolean => a.description !== undefined && a.description === b.description;

const isInexact = (value: unknown): boolean => typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;

/**
 * Compares two JSON values: null and absent differ, an array is no object, order counts in arrays. `alike` is equal but for numbers
 * beyond +-(2^53-1), which look equal and may not be. Not recursive, because a review may be nested deeper than the stack.
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
      // A long list of plain values would fill the stack for nothing.
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
