import Table from "cli-table3";

const nothing = ["top", "bottom"].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]);
const noLines = Object.fromEntries(
  [...nothing, "mid", "left-mid", "mid-mid", "right-mid", "left", "right"].map((at) => [at, ""]),
);

/** A table as kubectl prints them: columns, and no lines. */
export function plainTable(rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: { ...noLines, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
