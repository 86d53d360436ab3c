import type { Kind } from "./slice.ts";
import type { Tally } from "./tally.ts";

/** What a run met. */
export interface Figures extends Tally {
  readonly seed: number;
  readonly workers: number;
  readonly seconds: number;
  /** How many cases were made up, by kind. */
  readonly tried: Readonly<Partial<Record<Kind, number>>>;
}

/** The reasons that were never given. */
export const unmet = ({ reasons }: Pick<Tally, "reasons">): readonly string[] =>
  Object.entries(reasons).flatMap(([reason, times]) => (times === 0 ? [reason] : []));

const row = (label: string, count: number | undefined, note = ""): string =>
  `  ${label.padEnd(44)}${String(count ?? 0).padStart(8)}${note && `   ${note}`}`;

const rows = (counts: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(counts).map(([label, count]) => row(label, count));

/** The figures on one page. */
export const pageOf = (figures: Figures): string => {
  const { seed, workers, seconds, tried, reviews, decisions, reasons, statuses, checks, slowest } = figures;
  const all = Object.keys(reasons).length;
  return [
    `seed ${seed}, ${workers} threads, ${Math.round(seconds)} s, ${Math.round(reviews.judged / seconds)} reviews/s`,
    "",
    "Reviews, each from its text to the text of its answer",
    row("judged", reviews.judged),
    row("of those, through the whole handler", reviews.handled),
    row("texts that are not reviews, and refused", reviews.unreadable),
    row("invalid policies, and refused", reviews.policiesRefused),
    row("slowest, in ms", Math.round(slowest.milliseconds), `${slowest.characters} characters, ${slowest.reason}`),
    "",
    "Cases, each of one review or several",
    row("as an API server writes them", tried.honest),
    row("as gateways hand them over", tried.calls),
    row("hostile", tried.hostile),
    row("large", tried.large),
    row("by random policies", tried.policies),
    "",
    "Checked",
    row("questions answered", checks.questions),
    row("patches applied and undone by another library", checks.patches),
    row("patched objects judged again", checks.again),
    row("yeses turned into noes", checks.turned),
    row("admitted objects, every identity looked up", checks.entitled),
    row("verdicts on single fields", checks.fields),
    "",
    "Decisions",
    ...rows(decisions),
    "",
    `Reasons: ${all - unmet(figures).length} of ${all}`,
    ...rows(reasons),
    "",
    "The handler's status codes",
    ...rows(statuses),
  ].join("\n");
};
