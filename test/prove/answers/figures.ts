import { type Class, classes, type Row } from "./row.ts";

/** What a run found. */
export interface Figures {
  /** Of Kubernetes, in the API server's own words. */
  readonly version: string;
  readonly seconds: number;
  readonly rows: number;
  readonly different: number;
  /** How many rows each class has, and in how many the API server did what the table says. */
  readonly classes: Readonly<Record<Class, { readonly rows: number; readonly asExpected: number }>>;
}

/** Counts rows, of which some turned out differently. */
export const figuresOf = (
  run: Pick<Figures, "version" | "seconds">,
  rows: readonly Row[],
  isDifferent: (row: Row) => boolean,
): Figures => {
  const countOf = (of: Class) => {
    const own = rows.filter((row) => row.class === of);
    return { rows: own.length, asExpected: own.filter((row) => !isDifferent(row)).length };
  };
  return {
    ...run,
    rows: rows.length,
    different: rows.filter(isDifferent).length,
    classes: Object.fromEntries(classes.map((of) => [of, countOf(of)])) as Figures["classes"],
  };
};

const line = (label: string, count: number, note = ""): string =>
  `  ${label.padEnd(50)}${String(count).padStart(6)}${note && `   ${note}`}`;

/** The figures on one page. */
export const pageOf = ({ version, seconds, rows, different, classes: counts }: Figures): string =>
  [
    `Kubernetes ${version}, ${seconds} s`,
    "",
    "What the API server makes of a webhook's answer: of ours, and of ours altered",
    line("rows", rows),
    ...classes.map((of) => line(of, counts[of].asExpected, `of ${counts[of].rows}`)),
    line("NOT AS EXPECTED", different),
  ].join("\n");
