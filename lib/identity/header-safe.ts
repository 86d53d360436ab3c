const headerSafe = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Whether a name survives the `Impersonate-User` header: printable ASCII, no space at either end. HTTP clients trim, drop or
 * re-encode everything else, so that another identity than the declared one would arrive at the API server.
 *
 * @example isHeaderSafe("bob\n") // false
 */
export const isHeaderSafe = (name: string): boolean => headerSafe.test(name);
