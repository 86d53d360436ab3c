import type { Endpoint, Outcome } from "../../lib/decision/index.ts";
import { type RefreshFailedEntry, type RegistryEntry, splitRegistryEntry } from "../registry/log-entries.ts";
import type { Invocation, SplitEntry } from "../telemetry/log-line.ts";
import type { Failure } from "./failure-class.ts";

/** A decision: who, what, why, how long. It holds nothing of the object but its name. */
export interface DecisionEntry
  extends Pick<Outcome, "decision" | "reason" | "message" | "enforcement" | "requester" | "declared" | "effective"> {
  readonly event: "decision";
  readonly cluster: string;
  readonly endpoint: Endpoint;
  readonly uid: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly operation: string;
  readonly dryRun: boolean;
  readonly failure?: Failure;
  /** Only where our own code failed: the name of the error, and its stack. */
  readonly fault?: string;
  readonly questions: number;
  /** From the first question to the last answer. */
  readonly questionMilliseconds: number;
  readonly milliseconds: number;
}

/** A call that got no verdict. It holds neither the path nor a header, because a key may stand there, if only a mistyped one. */
export interface RefusalEntry {
  readonly event: "refused";
  readonly status: number;
}

/** A call that our own code failed to answer. */
export interface FaultEntry {
  readonly event: "fault";
  readonly failure: Failure;
  readonly fault: string;
}

/** The warm-up before the first call: the clusters that answered, and why others did not. */
export interface WarmedEntry {
  readonly event: "warmed";
  readonly warmed: readonly string[];
  readonly problems: readonly string[];
  readonly warmMilliseconds: number;
}

export type Entry = DecisionEntry | RefusalEntry | FaultEntry | WarmedEntry | RegistryEntry | RefreshFailedEntry;

export type Log = (entry: Entry & Invocation) => void;

/** Says what is logged of an entry and what is counted. */
export function splitEntry(entry: Entry & Invocation): SplitEntry {
  switch (entry.event) {
    case "decision": {
      const { questions, questionMilliseconds, milliseconds, ...fields } = entry;
      return {
        level: fields.failure ? "ERROR" : "INFO",
        fields,
        measured: {
          Decisions: 1,
          DecisionMilliseconds: milliseconds,
          ...(questions > 0 && { Questions: questions, QuestionMilliseconds: questionMilliseconds }),
          ...(fields.failure && { Failures: 1 }),
        },
      };
    }
    case "refused":
      return { level: "WARN", fields: { ...entry, status: String(entry.status) }, measured: { RefusedCalls: 1 } };
    case "fault":
      return { level: "ERROR", fields: { ...entry }, measured: { Failures: 1 } };
    case "warmed":
      return { level: entry.problems.length === 0 ? "INFO" : "WARN", fields: { ...entry }, measured: {} };
    default:
      return splitRegistryEntry(entry);
  }
}
