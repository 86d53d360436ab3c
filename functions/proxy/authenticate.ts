import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import { bearerTokenOf, type Caller, type HeaderLine, webSocketProtocolsOf } from "../../lib/proxy/index.ts";
import type { NoAnswer } from "../../lib/question/index.ts";
import type { CertificateIdentity, CertificateWay } from "../certificates/identify-by-certificate.ts";
import type { Identify } from "../cluster/identify.ts";
import type { TokenIssuers } from "../oidc/open-token-issuers.ts";

/** Who sent a request. */
export type Authenticated =
  | {
      readonly caller: Caller;
      /** The one that proved it to the cluster, which may get it again. */
      readonly token: string | undefined;
      /** Why the client certificate counts that proved it; absent where none did. */
      readonly certificate?: CertificateWay;
    }
  | NotAuthenticated;

export interface NotAuthenticated {
  readonly refusal: StatusObject;
  /** For the log only. */
  readonly reason?: string;
}

/** Who knows whose a credential is. */
export interface Identifiers {
  /** What the client certificate says; undefined where the client showed none. */
  readonly certificate?: CertificateIdentity | undefined;
  /** Asked alone for the tokens of our own issuers. */
  readonly issuers?: Pick<TokenIssuers, "identify"> | undefined;
  /** The cluster, which is asked for all other tokens. */
  readonly identify: Identify;
}

/** As long as no header of the API server takes more. */
const tokens = /^[!-~]{1,1000000}$/;

const unauthorized = statusObject(401, "Unauthorized");

/**
 * Finds out who sent a request: by the client certificate, then by the bearer token, then by the token of a WebSocket subprotocol. The first
 * credential that is good counts. A bad one without a good one is 401, and never makes the request anonymous. A token of our own issuers does
 * not go to the cluster.
 *
 * @param deadline milliseconds since the epoch
 */
export async function authenticate(
  lines: readonly HeaderLine[],
  isWebSocket: boolean,
  { certificate, issuers, identify }: Identifiers,
  deadline: number,
): Promise<Authenticated> {
  const bearer = bearerTokenOf(lines);
  const socket = isWebSocket ? webSocketProtocolsOf(lines) : undefined;
  const carriesToken = socket?.token !== undefined || socket?.problem !== undefined;
  if (socket && carriesToken && socket.others === "")
    return { refusal: statusObject(400, "Sec-WebSocket-Protocol must name a protocol beside its token") };
  if (certificate && "user" in certificate) {
    const { user, way } = certificate;
    return { caller: { user, credential: "other" }, token: undefined, certificate: way };
  }
  if (bearer === undefined && !carriesToken && certificate === undefined)
    return { caller: "anonymous", token: undefined };
  let unanswered: NoAnswer | undefined;
  let reason = certificate?.fault;
  for (const token of [bearer, socket?.token]) {
    if (token === undefined || !tokens.test(token)) continue;
    const own = await issuers?.identify(token, deadline);
    if (own && "user" in own) return { caller: { user: own.user, credential: "other" }, token: undefined };
    const identity = own ?? (await identify(token, deadline));
    if ("user" in identity) return { caller: { user: identity.user, credential: "token" }, token };
    if ("failure" in identity) unanswered = identity;
    else reason ??= identity.reason;
  }
  if (unanswered === undefined) return { refusal: unauthorized, ...(reason !== undefined && { reason }) };
  const { code, failure } = unanswered;
  return { refusal: statusObject(code === 502 ? 503 : code, `the request was not authenticated: ${failure}`) };
}
