/** What `JSON.parse` makes of a JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

/** Why something cannot be judged: a sentence that a person can act on. */
export interface Problem {
  readonly problem: string;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isProblem = (value: unknown): value is Problem => isObject(value) && Object.hasOwn(value, "problem");

/** A member of a JSON object. `__proto__` and the like are members only where the text had them. */
export const member = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;
