import type { AccountsEntry, RequestEntry } from "../proxy/log-entries.ts";
import type { Entry } from "../webhook/log-entries.ts";

/** Material that was read again, or could not be. */
export interface ReloadEntry {
  readonly event: "reload";
  /** What it is: the certificate, a CA. */
  readonly what: string;
  /** Why the old one stays. */
  readonly problem?: string;
}

/** All that a server writes to its log. */
export type ServerEntry = RequestEntry | AccountsEntry | ReloadEntry | Entry;

export type ServerLog = (entry: ServerEntry) => void;
