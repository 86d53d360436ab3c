import { printable } from "../../lib/meta/index.ts";
import { everywhere, type Measured, metadataOf } from "./metrics.ts";

/** One entry of the log, split into the members that are only logged and the values that are counted. */
export interface SplitEntry {
  readonly level: "INFO" | "WARN" | "ERROR";
  readonly fields: Invocation & { readonly [member: string]: unknown };
  readonly measured: Measured;
}

/** The invocation that an entry belongs to. */
export interface Invocation {
  /** Whether it is the first one of this instance. */
  readonly cold?: boolean;
  readonly requestId?: string;
  /** W3C, of the API server. */
  readonly traceId?: string | undefined;
  readonly xrayTraceId?: string | undefined;
}

/** The longest name that can be an identity. One line of the log is one event for CloudWatch, and no larger than 256 KiB. */
const mostCharacters = 1024;

const clipped = (_key: string, value: unknown): unknown =>
  typeof value === "string" && value.length > mostCharacters
    ? `${value.slice(0, mostCharacters)}… (${value.length} characters)`
    : value;

/** JSON in one line: a terminal obeys nothing in it, and no text in it is longer than an identity can be. */
export function boundedJson(entry: object): string {
  return printable(JSON.stringify(entry, clipped));
}

/**
 * Writes an entry as one line of JSON. Where something is counted, the line is a document of the embedded metric format as well, so that
 * the log and the metrics cannot differ. No text is so long that CloudWatch would cut the line.
 *
 * @param now milliseconds since the epoch
 * @param definitions of the metrics; absent: those of the webhook
 */
export function logLine(
  { level, fields, measured }: SplitEntry,
  functionName: string,
  now: number,
  definitions?: Parameters<typeof metadataOf>[3],
): string {
  const counted: Measured = fields.cold ? { ...measured, ColdStarts: 1 } : measured;
  const line = { level, ...fields, [everywhere]: functionName, ...counted };
  if (Object.keys(counted).length === 0) return boundedJson(line);
  return boundedJson({ ...line, _aws: metadataOf(counted, line, now, definitions) });
}
