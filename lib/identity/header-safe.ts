const headerSafe = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** The most characters of a name. Longer ones fill audit logs, and proxies refuse the header that carries them. */
export const longestName = 1_024;

/**
 * Whether a name survives the `Impersonate-User` header: printable ASCII, no space at either end, 1,024 characters at most. HTTP clients
 * trim, drop or re-encode everything else, so that another identity than the declared one would arrive at the API server.
 *
 * @example isHeaderSafe("bob\n") // false
 */
export function isHeaderSafe(name: string): boolean {
  return name.length <= longestName && headerSafe.test(name);
}
