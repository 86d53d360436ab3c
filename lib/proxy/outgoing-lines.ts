import type { HeaderLine } from "../meta/header-line.ts";
import type { FrontProxyHeaders } from "./front-proxy.ts";
import { valuesOf } from "./header-bytes.ts";

/** Headers of one connection (RFC 9110, 7.6.1), and `Expect`, which is answered here. `TE: trailers` says that trailers are understood. */
const ofTheConnection = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "http2-settings", "expect", "host"],
]);

/** The API server believes these: who is there, and where the request came from (its audit log's `sourceIPs`). */
const trusted = /^(authorization|forwarded|x-forwarded-.*|x-real-ip|x-remote-(user|group|uid|extra-.*)|impersonate.*)$/;

export interface OutgoingOptions {
  /** The impersonation headers, or the caller's own `Authorization`. */
  readonly acting: readonly HeaderLine[];
  /** The address of the peer. */
  readonly peer: string;
  /** What the cluster's front proxies name users in; "" of these go on. */
  readonly frontProxy?: FrontProxyHeaders;
  /** The protocol that an upgrade asks for, and the subprotocols that are left of `Sec-WebSocket-Protocol`. */
  readonly upgrade?: { readonly protocol: "websocket" | "SPDY/3.1"; readonly subprotocols: string };
}

/**
 * The headers that go on to the API server: those of the client without what belongs to its connection, and without everything that says
 * who or where it is; behind them, ours. Ours are added last, because a client may name any header in `Connection`, which removes it.
 */
export function outgoingLines(lines: readonly HeaderLine[], options: OutgoingOptions): readonly HeaderLine[] {
  const { acting, peer, frontProxy, upgrade } = options;
  const named = namedByConnection(lines);
  const isFrontProxy = (name: string): boolean =>
    frontProxy !== undefined &&
    ([...frontProxy.username, ...frontProxy.uid, ...frontProxy.group].includes(name) ||
      frontProxy.extraPrefix.some((prefix) => name.startsWith(prefix)));
  const kept = lines.filter(([original]) => {
    const name = original.toLowerCase();
    return (
      !named.has(name) &&
      !ofTheConnection.has(name) &&
      !trusted.test(name.replaceAll("_", "-")) &&
      !isFrontProxy(name) &&
      !(upgrade && name === "sec-websocket-protocol")
    );
  });
  const trailers = valuesOf(lines, "te").some((value) => /(^|,)[ \t]*trailers[ \t]*(,|$)/i.test(value));
  return [
    ...kept,
    ...(trailers && !upgrade ? [["TE", "trailers"] as const] : []),
    ...(upgrade ? upgradeLines(upgrade) : []),
    ["X-Forwarded-For", peer],
    ...acting,
  ];
}

const namedByConnection = (lines: readonly HeaderLine[]): ReadonlySet<string> =>
  new Set(valuesOf(lines, "connection").flatMap((value) => value.split(",").map((name) => name.trim().toLowerCase())));

const upgradeLines = ({ protocol, subprotocols }: NonNullable<OutgoingOptions["upgrade"]>): readonly HeaderLine[] => [
  ["Connection", "Upgrade"],
  ["Upgrade", protocol],
  ...(subprotocols === "" ? [] : [["Sec-WebSocket-Protocol", subprotocols] as const]),
];
