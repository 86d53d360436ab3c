import { type Decision, decisions, type Reason, reasons } from "../../../lib/decision/verdict.ts";
import type { Outcome } from "../../../lib/index.ts";

/** Counts of a run. Plain data, so that threads can exchange it. */
export interface Tally {
  readonly reviews: {
    /** Every text that was judged to the end, from text to text. */
    judged: number;
    /** Of those, through the whole handler. */
    handled: number;
    /** Texts and policies that are invalid, and are refused. */
    unreadable: number;
    policiesRefused: number;
  };
  readonly decisions: Record<Decision, number>;
  readonly reasons: Record<Reason, number>;
  /** HTTP status codes of the handler. */
  readonly statuses: Record<string, number>;
  readonly checks: {
    questions: number;
    patches: number;
    /** Objects that were judged again after a patch. */
    again: number;
    /** Yeses that were turned into noes. */
    turned: number;
    /** Admitted objects whose every field was looked up among the answers. */
    entitled: number;
    /** Verdicts on single fields, each held against the field and the answers to its own questions. */
    fields: number;
  };
  slowest: { milliseconds: number; characters: number; reason: string };
}

const zeros = <K extends string>(keys: readonly K[]): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

export const newTally = (): Tally => ({
  reviews: { judged: 0, handled: 0, unreadable: 0, policiesRefused: 0 },
  decisions: zeros(decisions),
  reasons: zeros(reasons),
  statuses: {},
  checks: { questions: 0, patches: 0, again: 0, turned: 0, entitled: 0, fields: 0 },
  slowest: { milliseconds: 0, characters: 0, reason: "" },
});

/** Counts a review that was judged. */
export const count = (
  tally: Tally,
  { decision, reason }: Pick<Outcome, "decision" | "reason">,
  milliseconds: number,
  characters: number,
): void => {
  tally.reviews.judged += 1;
  tally.decisions[decision] += 1;
  tally.reasons[reason] += 1;
  if (milliseconds > tally.slowest.milliseconds) tally.slowest = { milliseconds, characters, reason };
};

const addTo = (sum: Record<string, number>, more: Readonly<Record<string, number>>): void => {
  for (const [key, value] of Object.entries(more)) sum[key] = (sum[key] ?? 0) + value;
};

/** Adds the counts of another part of the run. */
export const add = (tally: Tally, more: Tally): void => {
  for (const part of ["reviews", "decisions", "reasons", "statuses", "checks"] as const) addTo(tally[part], more[part]);
  if (more.slowest.milliseconds > tally.slowest.milliseconds) tally.slowest = more.slowest;
};
