type Json = unknown;
type Path = readonly (string | number)[];

/** Every list in a value, the longest first: that is where most can go at once. */
const listsIn = (value: Json, path: Path = []): readonly { readonly path: Path; readonly length: number }[] => {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [{ path, length: value.length }] : [];
  const entries = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  return [...own, ...entries.flatMap(([key, item]) => listsIn(item, [...path, key]))];
};

const without = (value: Json, [key, ...rest]: Path, from: number, count: number): Json => {
  if (key === undefined) return (value as readonly Json[]).filter((_, index) => index < from || index >= from + count);
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? without(item, rest, from, count) : item));
  const object = value as Readonly<Record<string, Json>>;
  return { ...object, [key]: without(object[key], rest, from, count) };
};

/** A value with fewer items in one of its lists: halves first, then quarters, then one by one. */
const smaller = function* (value: Json): Generator<Json> {
  for (const { path, length } of [...listsIn(value)].sort((a, b) => b.length - a.length))
    for (let count = Math.ceil(length / 2); count >= 1; count = count === 1 ? 0 : Math.ceil(count / 2))
      for (let from = 0; from < length; from += count) yield without(value, path, from, count);
};

/**
 * Takes items out of the lists of a value for as long as it still fails.
 *
 * @param fails whether a smaller value fails like the first one; it may throw for a value that cannot be tried
 * @param within milliseconds, after which the smallest so far is it
 */
export const shrink = async <T>(value: T, fails: (candidate: T) => Promise<boolean>, within: number): Promise<T> => {
  const deadline = Date.now() + within;
  let best = value;
  for (let found = true; found && Date.now() < deadline; ) {
    found = false;
    for (const candidate of smaller(best)) {
      if (Date.now() >= deadline) break;
      if (await fails(candidate as T)) {
        best = candidate as T;
        found = true;
        break;
      }
    }
  }
  return best;
};
