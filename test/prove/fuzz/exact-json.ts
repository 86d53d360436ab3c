/*
 * JSON without loss. JSON.parse rounds numbers and drops their texts. Here the text of a number is kept, as a string that no test text
 * holds, so that a text can be read, changed and written again. No function is recursive, because texts may be nested deeper
 * than the stack.
 */

const mark = "\u0000json:";

/** A JSON text inside a tree: a number that no double holds, nesting beyond the stack, or an object with a key twice. */
export const raw = (text: string): string => mark + text;

/** The text of a token; undefined for any other value. */
export const rawOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.startsWith(mark) ? value.slice(mark.length) : undefined;

/** Reads JSON with every number as its token; undefined for a text that is not JSON. */
export const readExactly = (text: string): unknown => {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let quoted = false;
  const marked = text.replace(/\\.|"|-?\d[\d.eE+-]*/g, (token) => {
    if (token === '"') quoted = !quoted;
    return quoted || token === '"' || token.startsWith("\\") ? token : JSON.stringify(raw(token));
  });
  return JSON.parse(marked);
};

/** What is written between and behind the members. */
class Text {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
const comma = new Text(",");

/** Writes a tree. */
export const writeExactly = (tree: unknown): string => {
  const parts: string[] = [];
  const stack: unknown[] = [tree];
  const pushMembers = (members: readonly (readonly unknown[])[], open: string, close: string): void => {
    stack.push(new Text(close));
    for (let at = members.length - 1; at >= 0; at--) stack.push(...(members[at] as unknown[]).toReversed(), comma);
    // The first member has nothing in front of it.
    if (members.length > 0) stack.pop();
    parts.push(open);
  };
  while (stack.length > 0) {
    const value = stack.pop();
    if (value instanceof Text) parts.push(value.text);
    else if (Array.isArray(value))
      pushMembers(
        value.map((item) => [item]),
        "[",
        "]",
      );
    else if (typeof value === "object" && value !== null) {
      const members = Object.entries(value).filter(([, member]) => member !== undefined);
      pushMembers(
        members.map(([key, member]) => [new Text(`${JSON.stringify(key)}:`), member]),
        "{",
        "}",
      );
    } else parts.push(rawOf(value) ?? JSON.stringify(value) ?? "null");
  }
  return parts.join("");
};

/** Numbers up to 2^53-1 are compared by value, larger ones by their texts. */
const sameNumber = (one: string, other: string): boolean => {
  const [a, b] = [Number(one), Number(other)];
  const exact = Math.abs(a) <= Number.MAX_SAFE_INTEGER && Math.abs(b) <= Number.MAX_SAFE_INTEGER;
  return exact ? a === b : one === other;
};

/** Whether two trees are the same JSON value. The order of keys does not count. */
export const isSame = (one: unknown, other: unknown): boolean => {
  const stack: (readonly [unknown, unknown])[] = [[one, other]];
  for (let pair = stack.pop(); pair !== undefined; pair = stack.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
      const [x, y] = [rawOf(a), rawOf(b)];
      if (x === undefined || y === undefined || !sameNumber(x, y)) return false;
      continue;
    }
    const members = Object.entries(a);
    if (Array.isArray(a) !== Array.isArray(b) || members.length !== Object.keys(b).length) return false;
    for (const [key, value] of members) {
      if (!Object.hasOwn(b, key)) return false;
      stack.push([value, (b as Readonly<Record<string, unknown>>)[key]]);
    }
  }
  return true;
};
