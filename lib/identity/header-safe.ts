const headerSafe = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** The most characters of a name. Proxies refuse a header with a longer one, and it would fill audit logs. */
export const longestName = 1_024;

/**
 * Whether the `Impersonate-User` header can carry a name: printable ASCII, no space at either end, 1,024 characters at most. HTTP clients
 * trim, drop or re-encode all other names, so the API server would receive another identity than the declared one.
 *
 * @example isHeaderSafe("bob\n") // false
 */
export function isHeaderSafe(name: string): boolean {
  return name.length <= longestName && headerSafe.test(name);
}
