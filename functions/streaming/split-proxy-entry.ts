import { isLongRunning } from "../../lib/proxy/is-long-running.ts";
import type { AccountsEntry, RequestEntry } from "../proxy/log-entries.ts";
import { type RefreshFailedEntry, type RegistryEntry, splitRegistryEntry } from "../registry/log-entries.ts";
import type { Invocation, SplitEntry } from "../telemetry/log-line.ts";

/** An event that our own code failed to answer. */
export interface ProxyFaultEntry {
  readonly event: "fault";
  readonly fault: string;
}

export type ProxyEntry = RequestEntry | AccountsEntry | ProxyFaultEntry | RegistryEntry | RefreshFailedEntry;

/** Gets one entry for every request, and for what happens beside requests. */
export type ProxyLog = (entry: ProxyEntry & Invocation) => void;

/** Says what is logged of an entry of the proxy and what is counted. */
export function splitProxyEntry(entry: ProxyEntry & Invocation): SplitEntry {
  switch (entry.event) {
    case "request": {
      const { milliseconds, status, ...fields } = entry;
      const isRefused = entry.decision === "refused";
      const isFailed = isRefused ? status >= 500 : entry.reason !== undefined;
      return {
        level: isFailed ? "ERROR" : "INFO",
        fields: { ...fields, status: String(status), milliseconds },
        measured: {
          Requests: 1,
          // A watch takes as long as its client likes.
          ...(!isLong(entry) && { RequestMilliseconds: milliseconds }),
          ...(isRefused && { RefusedRequests: 1 }),
          ...(isFailed && { FailedRequests: 1 }),
        },
      };
    }
    case "accounts": {
      const { problem, warnings = [] } = entry;
      return { level: problem ? "ERROR" : warnings.length > 0 ? "WARN" : "INFO", fields: { ...entry }, measured: {} };
    }
    case "fault":
      return { level: "ERROR", fields: { ...entry }, measured: { FailedRequests: 1 } };
    default:
      return splitRegistryEntry(entry);
  }
}

const isLong = ({ resource, verb = "", subresource = "", path = "" }: RequestEntry): boolean =>
  isLongRunning({ isResourceRequest: resource !== undefined, verb, subresource, path });
