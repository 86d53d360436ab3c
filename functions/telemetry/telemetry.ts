import type { Endpoint, Outcome } from "../../lib/decision/index.ts";
import { printable } from "../../lib/meta/index.ts";
import type { Failure } from "../webhook/failure-class.ts";
import { everywhere, type Measured, metadataOf } from "./metrics.ts";

/** What is written down of a decision: who, what, why, how long; nothing of the object but its name. */
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
  /** Only where our own code failed: what was thrown, and where. */
  readonly fault?: string;
  readonly questions: number;
  /** What asking them took, all together. */
  readonly questionMilliseconds: number;
  readonly milliseconds: number;
}

/** A call that got no verdict. Neither the path nor a header is said: a key may stand there, if only a mistyped one. */
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

/** A registry that was read: how many clusters it has, and what is wrong with those that were left out. */
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

/** What was done before the first call: the clusters that were asked and answered, and why others were not or did not. */
export interface WarmedEntry {
  readonly event: "warmed";
  readonly warmed: readonly string[];
  readonly problems: readonly string[];
  readonly warmMilliseconds: number;
}

export type Entry = DecisionEntry | RefusalEntry | FaultEntry | RegistryEntry | RefreshFailedEntry | WarmedEntry;

/** What is known of the invocation that an entry belongs to. */
export interface Invocation {
  /** The first one of this instance. */
  readonly cold?: boolean;
  readonly requestId?: string;
  /** W3C, of the API server. */
  readonly traceId?: string | undefined;
  readonly xrayTraceId?: string | undefined;
}

export type Log = (entry: Entry & Invocation) => void;

/** The longest name that can be an identity. One line of the log is one event for CloudWatch, and no larger than 256 KiB. */
const mostCharacters = 1024;
const mostProblems = 32;

const clipped = (_key: string, value: unknown): unknown =>
  typeof value === "string" && value.length > mostCharacters
    ? `${value.slice(0, mostCharacters)}… (${value.length} characters)`
    : value;

/** JSON in one line: a terminal obeys nothing in it, and no text in it is longer than an identity can be. */
export function boundedJson(entry: object): string {
  return printable(JSON.stringify(entry, clipped));
}

/**
 * Writes an entry as one line of JSON that is a document of the embedded metric format as well, where something is counted: what is
 * logged and what is counted cannot differ. No text is so long that CloudWatch would cut the line.
 *
 * @param now milliseconds since the epoch
 */
export function logLine(entry: Entry & Invocation, functionName: string, now: number): string {
  const [said, measured] = parted(entry);
  const counted: Measured = entry.cold ? { ...measured, ColdStarts: 1 } : measured;
  const line = { level: levelOf(entry), ...said, [everywhere]: functionName, ...counted };
  const isCounted = Object.keys(counted).length > 0;
  return boundedJson({ ...line, ...(isCounted && { _aws: metadataOf(counted, line, now) }) });
}

const levelOf = (entry: Entry): string => {
  if (entry.event === "refused") return "WARN";
  if (entry.event === "warmed") return entry.problems.length === 0 ? "INFO" : "WARN";
  const isFine =
    entry.event === "registry"
      ? entry.clusters > 0 && entry.problems.length === 0
      : entry.event === "decision" && !entry.failure;
  return isFine ? "INFO" : "ERROR";
};

/** What is said, and what is measured. */
const parted = (entry: Entry): readonly [said: object, measured: Measured] => {
  switch (entry.event) {
    case "decision": {
      const { questions, questionMilliseconds, milliseconds, ...said } = entry;
      return [
        said,
        {
          Decisions: 1,
          DecisionMilliseconds: milliseconds,
          ...(questions > 0 && { Questions: questions, QuestionMilliseconds: questionMilliseconds }),
          ...(said.failure && { Failures: 1 }),
        },
      ];
    }
    case "refused":
      return [{ ...entry, status: String(entry.status) }, { RefusedCalls: 1 }];
    case "fault":
      return [entry, { Failures: 1 }];
    case "registry": {
      const { clusters, problems, ...said } = entry;
      return [
        { ...said, problems: problems.slice(0, mostProblems) },
        { RegistryClusters: clusters, RegistryProblems: problems.length, RegistryAgeSeconds: 0 },
      ];
    }
    case "warmed":
      return [entry, {}];
    case "refresh-failed": {
      const { ageSeconds, ...said } = entry;
      return [said, { RefreshFailed: 1, RegistryAgeSeconds: ageSeconds }];
    }
  }
};
