/** The parameters of a query by their names, each with its values in order. */
export type Query = ReadonlyMap<string, readonly string[]>;

/**
 * Decodes percent-encoded UTF-8. Undefined for a `%` without two hexadecimal digits, and for bytes that are not UTF-8, which no JSON text
 * of a question could hold.
 */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What stands before the first separator, and what stands behind it; the whole text and "" where there is none. */
export function splitAt(separator: string, text: string): readonly [before: string, behind: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

const isEncoding = (text: string): boolean => !/%(?![0-9a-f]{2})/i.test(text);

/**
 * Reads a query as Go does (`net/url` ParseQuery, whose errors the API server ignores): `+` is a space; a pair with a semicolon, or with a
 * `%` that encodes nothing, does not count. Undefined for bytes that are not UTF-8.
 *
 * @example parseQuery("watch=1&watch=0&limit").get("watch") // ["1", "0"]
 */
export function parseQuery(text: string): Query | undefined {
  const query = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair.includes(";") || !isEncoding(pair)) continue;
    const [key, value] = splitAt("=", pair.replaceAll("+", " "));
    const [name, decoded] = [percentDecoded(key), percentDecoded(value)];
    if (name === undefined || decoded === undefined) return undefined;
    query.set(name, [...(query.get(name) ?? []), decoded]);
  }
  return query;
}
