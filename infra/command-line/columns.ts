import { stripVTControlCharacters } from "node:util";

/**
 * Lays out the rows of a table that is not known as a whole: each batch gets the widths of all before it, so that the columns of a stream
 * stay where they are while they can. The titles come before the first batch.
 */
export function columnsOf(titles: readonly string[]): (rows: readonly (readonly string[])[]) => string {
  const widths = titles.map(widthOf);
  let titled = false;
  return (rows) => {
    for (const row of rows)
      for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    const lines = titled ? rows : [titles, ...rows];
    titled = true;
    return lines.map((row) => `${row.map(padded(widths)).join("  ").trimEnd()}\n`).join("");
  };
}

const widthOf = (cell: string): number => [...stripVTControlCharacters(cell)].length;

const padded =
  (widths: readonly number[]) =>
  (cell: string, index: number): string =>
    cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)));
