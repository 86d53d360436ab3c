/**
 * The impersonating proxy's decision: who a request comes from, which questions decide it, and the headers that it goes on with. Pure, like
 * the admission decision: the program that calls it authenticates, asks and forwards.
 *
 * @module
 */

export type { HeaderLine } from "../meta/header-line.ts";
export { type ConcludeOptions, concludeRequest, type Forwarded, type RequestOutcome } from "./conclude-request.ts";
export { bearerTokenOf, type WebSocketProtocols, webSocketProtocolsOf } from "./credentials.ts";
export { type FrontProxyHeaders, frontProxyUser } from "./front-proxy.ts";
export { bytesOfText, textOfBytes } from "./header-bytes.ts";
export { isLongRunning } from "./is-long-running.ts";
export { type Caller, judgeRequest, type ProxyRequest, type RequestJudgement } from "./judge-request.ts";
export { type OutgoingOptions, outgoingLines } from "./outgoing-lines.ts";
export { type RequestInfo, readRequestInfo } from "./request-info.ts";
export { requestTimeout } from "./request-timeout.ts";
export { isReservedName, reservedNameOf } from "./reserved-names.ts";
