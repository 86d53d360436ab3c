import { type AccountsEntry, type RequestEntry, splitAccountsEntry, splitRequestEntry } from "../proxy/log-entries.ts";
import { type RefreshFailedEntry, type RegistryEntry, splitRegistryEntry } from "../registry/log-entries.ts";
import type { Invocation, SplitEntry } from "../telemetry/log-line.ts";

/** An event that our own code failed to answer. */
export interface ProxyFaultEntry {
  readonly event: "fault";
  readonly fault: string;
}

/** The issuers of tokens were read, or could not be. */
export interface IssuersEntry {
  readonly event: "issuers";
  /** Why they could not; those before are still used, if there are any. */
  readonly problem?: string;
}

export type ProxyEntry =
  | RequestEntry
  | AccountsEntry
  | ProxyFaultEntry
  | IssuersEntry
  | RegistryEntry
  | RefreshFailedEntry;

/** Gets one entry for every request, and for what happens beside requests. */
export type ProxyLog = (entry: ProxyEntry & Invocation) => void;

/** Says what is logged of an entry of the proxy and what is counted. */
export function splitProxyEntry(entry: ProxyEntry & Invocation): SplitEntry {
  switch (entry.event) {
    case "request":
      return splitRequestEntry(entry);
    case "accounts":
      return splitAccountsEntry(entry);
    case "fault":
      return { level: "ERROR", fields: { ...entry }, measured: { FailedRequests: 1 } };
    case "issuers":
      return entry.problem === undefined
        ? { level: "INFO", fields: { ...entry }, measured: {} }
        : { level: "ERROR", fields: { ...entry }, measured: { RefreshFailed: 1 } };
    default:
      return splitRegistryEntry(entry);
  }
}
