import type { Colour, Screen } from "./screen.ts";
import { listLines, shortened, visible, widthOf } from "./text-width.ts";

/** What stands in one column of a row. */
export interface Cell {
  /** A list is broken between its items where it does not fit. Empty is printed as `-`. */
  readonly text: string | readonly string[];
  readonly colour?: Colour;
  /** Stands on lines of its own under the text. Only the last cell of a row may have one. */
  readonly note?: string;
}

const gap = "  ";
const indent = "    ";

/** To which width names are shortened so that texts can stand beside them. */
const nameWidth = 20;

/** Names that would have less than this are legible only where the texts go under them. */
const leastName = 12;

/** What names leave to the last text at least, where a row has its texts beside its names. */
const leastText = 14;

/**
 * Prints rows in the one look that all commands have: columns without lines, under titles. Control characters are escaped.
 *
 * On a screen with columns no line is longer than the screen. The first columns are names, which are shortened in their middle, the longest
 * first. The last columns are texts, which are never shortened: where they do not fit beside the names they go on indented lines under
 * them, each behind its title. A last text that has half of the screen continues under itself.
 *
 * Rows may come in batches: each batch gets the widths of all before it, so that the columns stay where they are while they can. The titles
 * come before the first row.
 *
 * @param texts how many of the columns are texts
 */
export function tableOn(
  screen: Screen,
  titles: readonly string[],
  texts = 1,
): (rows: readonly (readonly (Cell | string)[])[]) => string {
  const names = titles.length - texts;
  const head = titles.map((text) => escaped({ text, colour: "bold" }));
  const widest = titles.map(widthOf);
  const lastWidths = new Set(widest.slice(-1));
  let beside: boolean | undefined;
  return (given) => {
    if (given.length === 0) return "";
    const rows = given.map((row) => row.map(escaped));
    for (const row of rows) {
      for (const [index, cell] of row.entries()) widest[index] = Math.max(widest[index] ?? 0, widthOf(textOf(cell)));
      lastWidths.add(widthOf(textOf(row.at(-1) ?? nothing)));
    }
    const layout = layoutBeside(screen.columns, { widest, lastWidths, names });
    const titled = beside !== undefined;
    beside ??= layout.isLegible && rows.some((row) => isBeside(screen, layout, row));
    const used = beside && layout.isLegible ? layout : layoutUnder(screen.columns, widest.slice(0, names));
    const lines = [...(titled ? [] : [beside ? head : head.slice(0, names)]), ...rows];
    return lines.map((row) => `${printRow(screen, used, titles, row)}\n`).join("");
  };
}

interface Escaped extends Pick<Cell, "colour"> {
  readonly items: readonly string[];
  readonly note: string;
}

const escaped = (cell: Cell | string): Escaped => {
  const { text, note = "", ...more } = typeof cell === "string" ? { text: cell } : cell;
  const items = (typeof text === "string" ? [text] : text).filter((item) => item !== "").map(visible);
  return { ...more, items: items.length > 0 ? items : ["-"], note: visible(note) };
};

const nothing = escaped("");

const textOf = ({ items }: Escaped): string => items.join(", ");

/** How wide the columns are that stand beside each other. */
interface Layout {
  readonly names: readonly number[];
  /** Of all texts but the last one, or of none where texts go under the names. */
  readonly texts: readonly number[];
  /** What is left to the last text. */
  readonly room: number;
}

interface Widths {
  readonly widest: readonly number[];
  /** All widths of the last column. */
  readonly lastWidths: ReadonlySet<number>;
  readonly names: number;
}

const layoutUnder = (columns: number, names: readonly number[]): Layout => ({
  names: levelled(names, columns - (names.length - 1) * gap.length),
  texts: [],
  room: 0,
});

/** A text that is wider than a third of the screen takes no room from names. */
const layoutBeside = (
  columns: number,
  { widest, lastWidths, names }: Widths,
): Layout & { readonly isLegible: boolean } => {
  const third = Math.floor(columns / 3);
  const natural = widest.slice(0, names);
  const texts = widest.slice(names, -1).map((width) => Math.min(width, third));
  const room = columns - (widest.length - 1) * gap.length - sum(texts);
  const most = levelled(natural, room - Math.min(widest.at(-1) ?? 0, leastText));
  const floor = sum(most.map((width) => Math.min(width, nameWidth)));
  const wanted = Math.max(...[...lastWidths].filter((width) => width <= Math.min(room - floor, third)), 0);
  const fitting = levelled(most, room - wanted);
  return {
    names: fitting,
    texts,
    room: room - sum(fitting),
    isLegible: fitting.every((width, index) => width >= Math.min(leastName, natural[index] ?? 0)),
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Takes from the widest until all fit into a room. */
const levelled = (widths: readonly number[], room: number): readonly number[] => {
  let left = room;
  const ascending = widths.toSorted((a, b) => a - b);
  for (const [index, width] of ascending.entries()) {
    const share = Math.max(1, Math.floor(left / (ascending.length - index)));
    if (width > share) return widths.map((each) => Math.min(each, share));
    left -= width;
  }
  return widths;
};

/** Whether the texts of a row fit beside its names. */
const isBeside = ({ columns }: Screen, { names, texts, room }: Layout, row: readonly Escaped[]): boolean => {
  const [last, others] = [row.at(-1) ?? nothing, row.slice(names.length, -1)];
  const isShort = others.every((cell, index) => widthOf(textOf(cell)) <= (texts[index] ?? 0));
  const hasRoom = room >= columns / 2;
  return isShort && (hasRoom || [textOf(last), last.note].every((text) => widthOf(text) <= room));
};

const printRow = (screen: Screen, layout: Layout, titles: readonly string[], row: readonly Escaped[]): string => {
  const { columns, paint } = screen;
  const painted = (cell: Escaped, text: string): string => (cell.colour ? paint(cell.colour, text) : text);
  const padded = (cell: Escaped, width: number): string => {
    const text = shortened(textOf(cell), width);
    return painted(cell, text) + " ".repeat(Math.max(0, width - widthOf(text))) + gap;
  };
  const lined = (cell: Escaped, items: readonly string[], width: number): readonly string[] => [
    ...listLines(items, width).map((line) => painted(cell, line)),
    ...(cell.note === "" ? [] : listLines([cell.note], width).map((line) => paint("dim", line))),
  ];
  const beside = isBeside(screen, layout, row);
  const widths = beside ? [...layout.names, ...layout.texts] : layout.names;
  const start = widths.map((width, index) => padded(row[index] ?? nothing, width)).join("");
  if (beside) {
    const last = row.at(-1) ?? nothing;
    const under = " ".repeat(sum(widths) + widths.length * gap.length);
    return trimmed(lined(last, last.items, layout.room).map((line, index) => (index === 0 ? start : under) + line));
  }
  const texts = row.slice(widths.length).flatMap((cell, index) => {
    const [first = "", ...others] = cell.items;
    const title = titles[widths.length + index]?.toLowerCase();
    return first === "-" ? [] : lined(cell, [`${title}: ${first}`, ...others], columns - indent.length);
  });
  return trimmed([start, ...texts.map((line) => indent + line)]);
};

const trimmed = (lines: readonly string[]): string => lines.map((line) => line.trimEnd()).join("\n");
