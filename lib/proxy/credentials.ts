import type { HeaderLine } from "../meta/header-line.ts";
import { textOfBytes, valuesOf } from "./header-bytes.ts";

const protocolHeader = "sec-websocket-protocol";
const tokenProtocol = "base64url.bearer.authorization.k8s.io.";

/**
 * The token of the first `Authorization` line, as the API server finds it (`k8s.io/apiserver` pkg/authentication/request/bearertoken):
 * `Bearer`, in any case, one space, the token. Other schemes are no credential.
 *
 * @example bearerTokenOf([["authorization", "bearer abc"]]) // "abc"
 */
export function bearerTokenOf(lines: readonly HeaderLine[]): string | undefined {
  const [first] = valuesOf(lines, "authorization");
  return first?.replace(/^[\s\x85\xa0]+|[\s\x85\xa0]+$/g, "").match(/^bearer ([^ ]+)/i)?.[1];
}

/** What the subprotocols of a WebSocket request say. */
export interface WebSocketProtocols {
  /** The token that one of them carries; undefined without one. */
  readonly token: string | undefined;
  /** All others, as one value of `Sec-WebSocket-Protocol`; "" where there is none. */
  readonly others: string;
  /** Why the token cannot be read. A bad credential is not the lack of one. */
  readonly problem?: string;
}

/**
 * Takes the bearer token out of `Sec-WebSocket-Protocol`, as the API server does (`k8s.io/apiserver`
 * pkg/authentication/request/websocket): base64url without padding, of UTF-8, once, and never alone.
 */
export function webSocketProtocolsOf(lines: readonly HeaderLine[]): WebSocketProtocols {
  const all = valuesOf(lines, protocolHeader).flatMap((value) => value.split(",").map((protocol) => protocol.trim()));
  const carriers = all.filter((protocol) => protocol.startsWith(tokenProtocol));
  const others = all.filter((protocol) => !protocol.startsWith(tokenProtocol)).join(",");
  const [carrier] = carriers;
  if (carrier === undefined) return { token: undefined, others };
  if (carriers.length > 1) return { token: undefined, others, problem: "Sec-WebSocket-Protocol carries two tokens" };
  const token = textOfBase64Url(carrier.slice(tokenProtocol.length));
  if (!token)
    return { token: undefined, others, problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" };
  if (others === "")
    return { token: undefined, others, problem: "Sec-WebSocket-Protocol must name a protocol beside its token" };
  return { token, others };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Decodes base64url without padding (RFC 4648, 5); undefined for anything else, and for bytes that are not UTF-8. */
const textOfBase64Url = (encoded: string): string | undefined => {
  if (!/^[-\w]*$/.test(encoded) || encoded.length % 4 === 1) return undefined;
  const bits = Array.from(encoded, (digit) => alphabet.indexOf(digit).toString(2).padStart(6, "0")).join("");
  const bytes = bits.match(/.{8}/g) ?? [];
  return textOfBytes(bytes.map((byte) => String.fromCharCode(Number.parseInt(byte, 2))).join(""));
};
