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
  readonly decision: "forwarded" | "refused";
  /** Why it was refused, or why its answer is not whole. */
  readonly reason?: string;
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
