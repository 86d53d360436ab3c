import Table from "cli-table3";

/** One variant's measurement, by column; milliseconds where the column's name says nothing else. */
export interface Row {
  readonly variant: string;
  readonly values: Readonly<Record<string, number>>;
  /** What its ratio is to: another row's variant. */
  readonly of?: string;
  readonly ratio?: number;
  /** The most that the ratio should be. */
  readonly goal?: number;
  /** Not the function, but what it is looked at beside. */
  readonly peer?: true;
}

/** What one benchmark found. */
export interface Figures {
  readonly name: string;
  readonly title: string;
  /** What ratios are to, in words. */
  readonly against: string;
  /** What was done, in a sentence. */
  readonly how: string;
  readonly rows: readonly Row[];
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** The value that a share of all are below; NaN for none. */
export const quantile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Rounded to three digits that mean something: benchmarks know no more. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

/** A row whose ratio is that of one column to the same column of another row. */
export const compared = (row: Row, base: Row, column: string, more: Pick<Row, "goal" | "peer"> = {}): Row => ({
  ...row,
  ...more,
  of: base.variant,
  ratio: rounded((row.values[column] ?? Number.NaN) / (base.values[column] ?? Number.NaN)),
});

const verdict = ({ ratio = Number.NaN, goal }: Row): string => {
  if (goal === undefined) return "";
  return ratio <= goal ? `<= ${goal}: met` : `<= ${goal}: MISSED`;
};

/** The table of one benchmark. */
export const tableOf = ({ title, how, rows }: Figures): string => {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const table = new Table({
    head: [title, ...columns, "ratio", "to", "goal"],
    colAligns: ["left", ...columns.map(() => "right" as const), "right", "left", "left"],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const values = columns.map((column) => (column in row.values ? String(row.values[column]) : "-"));
    table.push([row.variant, ...values, row.ratio === undefined ? "" : `${row.ratio} x`, row.of ?? "", verdict(row)]);
  }
  return `${table.toString()}\n${how}`;
};
