/**
 * The trace id of a `traceparent` header (W3C Trace Context, 3.2): the API server sends one where its own tracing is on. Version 00 has
 * four fields and ends there; a later one may have more behind them. Undefined for anything else, which the specification says to ignore.
 *
 * @example traceIdOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") // "4bf92f3577b34da6a3ce929d0e0e4736"
 */
export function traceIdOf(traceparent: string): string | undefined {
  return /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/.exec(
    traceparent,
  )?.[1];
}

/**
 * The root of an X-Ray tracing header, as Lambda gives it to a function.
 *
 * @example xrayTraceIdOf("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1") // "1-5759e988-bd862e3fe1be46a994272793"
 */
export function xrayTraceIdOf(header: string | undefined): string | undefined {
  return /(?:^|;)Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/.exec(header ?? "")?.[1];
}
