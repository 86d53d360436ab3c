import type { HeaderLine } from "../../lib/proxy/index.ts";

/**
 * What is wrong with the lines that say where a request goes and where it ends: two programs could read them in two ways. Undefined where
 * nothing is.
 *
 * @param lines with the pseudo headers of HTTP/2
 */
export function framingFault(lines: readonly HeaderLine[]): string | undefined {
  const valuesOf = (wanted: string) => lines.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : []));
  const hosts = [...valuesOf(":authority"), ...valuesOf("host")];
  const lengths = valuesOf("content-length");
  const codings = valuesOf("transfer-encoding");
  if (new Set(hosts).size !== 1) return "the request must name one host";
  if (valuesOf("host").length > 1) return "the request has two Host headers";
  if (codings.length > 0 && lengths.length > 0) return "Transfer-Encoding stands beside Content-Length";
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== "chunked"))
    return "the only Transfer-Encoding is chunked";
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length)))
    return "Content-Length must be one number";
  return undefined;
}
