import type { Invocation, SplitEntry } from "../telemetry/log-line.ts";
import type { Load } from "./in-flight.ts";
import type { RefusalClass } from "./refusal-class.ts";

/** The log entry of one request: caller, user, request info, decision and status. It does not hold tokens, bodies or header values. */
export interface RequestEntry {
  readonly event: "request";
  readonly time: string;
  /** In the path; absent where the path is not the proxy's. */
  readonly cluster?: string;
  /** The address of the peer. */
  readonly peer: string;
  /** The user whose credential the request brought; `system:anonymous` without one, absent where it was refused. */
  readonly caller?: string;
  /** The user that the request went on as. */
  readonly user?: string;
  /** Whose credential went to the API server. */
  readonly credential?: "actor" | "caller" | "none";
  readonly verb?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Of a request that is not about a resource, without its query. */
  readonly path?: string;
  readonly protocol?: string;
  /** What it counts as; absent where it was refused before that was known. */
  readonly load?: Load;
  /** The tokens that were looked at, and how many of them were known already; absent where there are none. So are the questions. */
  readonly tokenReviews?: number;
  readonly cachedTokenReviews?: number;
  readonly questions?: number;
  readonly cachedQuestions?: number;
  readonly decision: "forwarded" | "refused";
  /** Why it was refused, or why its answer is not whole. */
  readonly reason?: string;
  /** The class of the reason, where the answer is the proxy's own. */
  readonly refusal?: RefusalClass;
  /** Who ended an answer, or the wait for it, before it was whole. */
  readonly brokenOffBy?: "client" | "api-server" | "deadline";
  /** What the client got; 0 where it left before. */
  readonly status: number;
  /** Of the answer's body, or of both directions of an upgraded connection. */
  readonly bytes: number;
  readonly milliseconds: number;
}

/** What the check of a cluster's two accounts found. */
export interface AccountsEntry {
  readonly event: "accounts";
  readonly cluster: string;
  readonly asker?: string;
  readonly actor?: string;
  readonly warnings?: readonly string[];
  /** Why the cluster is not served. */
  readonly problem?: string;
}

export type AccountsLog = (entry: AccountsEntry) => void;

export type RequestLog = (entry: RequestEntry) => void;

/** Refusals whose cause is not the request. */
const failures: readonly (RefusalClass | undefined)[] = [
  ...(["not-ready", "unanswered", "late", "unreachable", "timed-out", "actor-unusable", "fault"] as const),
];

/** Whether a request did not get what it asked for, and neither it nor its client is the cause. */
export function isFailed({ refusal, brokenOffBy }: Pick<RequestEntry, "refusal" | "brokenOffBy">): boolean {
  return failures.includes(refusal) || brokenOffBy === "api-server" || brokenOffBy === "deadline";
}

/** Says what is logged of a request and what is counted. */
export function splitRequestEntry(entry: RequestEntry & Invocation): SplitEntry {
  const { milliseconds, questions = 0, cachedQuestions = 0, tokenReviews = 0, cachedTokenReviews = 0 } = entry;
  const { load, refusal } = entry;
  const failed = isFailed(entry);
  const [asked, reviewed] = [questions - cachedQuestions, tokenReviews - cachedTokenReviews];
  return {
    level: failed ? "ERROR" : refusal ? "WARN" : "INFO",
    fields: { ...entry, status: String(entry.status) },
    measured: {
      Requests: 1,
      ...((load === "read" || load === "write") && { RequestMilliseconds: milliseconds }),
      ...(refusal && { RefusedRequests: 1 }),
      ...(failed && { FailedRequests: 1 }),
      ...(asked > 0 && { Questions: asked }),
      ...(reviewed > 0 && { TokenReviews: reviewed }),
    },
  };
}

/** Says what is logged of a check of accounts. */
export function splitAccountsEntry(entry: AccountsEntry & Invocation): SplitEntry {
  const level = entry.problem ? "ERROR" : (entry.warnings?.length ?? 0) > 0 ? "WARN" : "INFO";
  return { level, fields: { ...entry }, measured: {} };
}
