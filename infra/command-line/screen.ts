import { styleText } from "node:util";

export type Colour = Parameters<typeof styleText>[0];

/** Where text is printed: how many columns a line has, and how colours are written, if at all. */
export interface Screen {
  /** Infinity where lines have no end: in a pipe or a file. */
  readonly columns: number;
  readonly paint: (colour: Colour, text: string) => string;
}

/** Lines without an end and no colours. */
export const uncut: Screen = { columns: Number.POSITIVE_INFINITY, paint: (_, text) => text };

/** A terminal that does not tell its width has as many columns as terminals had at first. */
const usualColumns = 80;

/** In less than this nothing is legible; the terminal wraps it. */
const leastColumns = 40;

/** Only a terminal has columns. Colours are for terminals too, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    columns: stream.isTTY ? Math.max(leastColumns, stream.columns || usualColumns) : uncut.columns,
    paint: (colour, text) => styleText(colour, text, { stream }),
  };
}
