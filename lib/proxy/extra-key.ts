import { percentDecoded } from "./query.ts";

/** Characters of a header's name (RFC 9110, token), without `%`, which begins an escape, and capitals, which HTTP/2 does not have. */
const plain = /[!#$&'*+\-.^_`|~0-9a-z]/;

/**
 * The key of `extra` behind `Impersonate-Extra-`, as the API server reads it: in lower case, then percent-decoded; as it stands, where
 * that is not an encoding. Undefined for bytes that are not UTF-8.
 *
 * @example extraKeyOf("Example.com%2fScope") // "example.com/scope"
 */
export function extraKeyOf(encodedKey: string): string | undefined {
  const key = encodedKey.toLowerCase();
  return /%(?![0-9a-f]{2})/.test(key) ? key : percentDecoded(key);
}

/**
 * A key of `extra` so that it can stand in a header's name. Capitals are encoded as well: the API server decodes them after it has changed
 * the name to lower case. Undefined for half a surrogate pair.
 *
 * @example encodedExtraKey("example.com/Scope") // "example.com%2f%53cope"
 */
export function encodedExtraKey(key: string): string | undefined {
  if (/\p{Surrogate}/u.test(key)) return undefined;
  return Array.from(key, (character) => (plain.test(character) ? character : escapeOf(character))).join("");
}

/** Capitals and parentheses are left as they are by encodeURIComponent. */
const escapeOf = (character: string): string => {
  const encoded = encodeURIComponent(character).toLowerCase();
  return encoded.startsWith("%") ? encoded : `%${character.charCodeAt(0).toString(16)}`;
};
