/** A JSON object, as `JSON.parse` returns it. */
export type JsonObject = { readonly [key: string]: unknown };

/** The reason why an input cannot be judged: a sentence that a person can act on. */
export interface Problem {
  readonly problem: string;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isProblem(value: unknown): value is Problem {
  return isObject(value) && Object.hasOwn(value, "problem");
}

/** A member of a JSON object. `__proto__` and other inherited names are members only if the JSON text has them. */
export function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
