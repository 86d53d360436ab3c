import type { SplitEntry } from "../telemetry/log-line.ts";

/** A registry that was read: the number of its clusters, and what is wrong with those that were left out. */
export interface RegistryEntry {
  readonly event: "registry";
  readonly clusters: number;
  readonly problems: readonly string[];
}

/** A registry that could not be read again; the one before is still used. */
export interface RefreshFailedEntry {
  readonly event: "refresh-failed";
  readonly message: string;
  /** Of the registry that is used. */
  readonly ageSeconds: number;
}

/** One line of the log holds no more of them. */
const mostProblems = 32;

/** Says what is logged of an entry and what is counted. */
export function splitRegistryEntry(entry: RegistryEntry | RefreshFailedEntry): SplitEntry {
  if (entry.event === "refresh-failed") {
    const { ageSeconds, ...fields } = entry;
    return { level: "ERROR", fields, measured: { RefreshFailed: 1, RegistryAgeSeconds: ageSeconds } };
  }
  const { clusters, problems, ...fields } = entry;
  return {
    level: clusters > 0 && problems.length === 0 ? "INFO" : "ERROR",
    fields: { ...fields, problems: problems.slice(0, mostProblems) },
    measured: { RegistryClusters: clusters, RegistryProblems: problems.length, RegistryAgeSeconds: 0 },
  };
}
