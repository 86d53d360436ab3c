import Table from "cli-table3";

/** One variant's measurement, by column, in milliseconds unless the column's name has another unit. */
export interface Row {
  readonly variant: string;
  readonly values: Readonly<Record<string, number>>;
  /** The variant of the row that its ratio compares with. */
  readonly of?: string;
  readonly ratio?: number;
  /** The upper limit of the ratio. */
  readonly goal?: number;
  /** Whether this is a baseline and not the function. */
  readonly peer?: true;
}

/** The result of one benchmark. */
export interface Figures {
  readonly name: string;
  readonly title: string;
  /** The baseline of the ratios, in words. */
  readonly against: string;
  /** The method, in a sentence. */
  readonly how: string;
  readonly rows: readonly Row[];
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** The value below which this share of the values is; NaN without values. */
export const quantile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Rounds to three significant digits; benchmarks are not more precise. */
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
