import type { HeaderLine } from "../../lib/proxy/index.ts";

/**
 * Whether a browser sent the request for a page of another host. It adds the user's client certificate to such a request without asking,
 * so that the page would act as the user.
 *
 * @param lines with the pseudo headers of HTTP/2
 */
export function isOfForeignOrigin(lines: readonly HeaderLine[]): boolean {
  const valuesOf = (...names: string[]) =>
    lines.flatMap(([name, value]) => (names.includes(name.toLowerCase()) ? [value.toLowerCase()] : []));
  const [host = ""] = valuesOf(":authority", "host");
  const own = `https://${host.replace(/:443$/, "")}`;
  return valuesOf("origin").some((origin) => origin.replace(/:443$/, "") !== own);
}
