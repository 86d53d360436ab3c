import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { printable } from "../../lib/meta/index.ts";

/** Characters that are not seen: terminals disagree about their width, and a name that holds them looks like another. */
const unseen = /\p{Default_Ignorable_Code_Point}/gu;

/** Escapes characters that a terminal obeys, and invisible characters. */
export function visible(text: string): string {
  return printable(text).replace(unseen, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

const ascii = /^[ -~]*$/;

/** The columns that a text takes at most: only some terminals draw a skin tone, or a Thai vowel, in the columns of the sign before it. */
export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : [...text].reduce((width, sign) => width + stringWidth(sign), 0);
}

/** Takes out of the middle what does not fit into a width. */
export function shortened(text: string, width: number): string {
  return cutTo(width, (columns) => cliTruncate(text, columns, { position: "middle" }));
}

/** Breaks a list between its items where they do not fit into a width, and an item that does not fit between its words. */
export function listLines(items: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const text = index < items.length - 1 ? `${item},` : item;
    const joined = lines.length > 0 ? `${lines.at(-1)} ${text}` : text;
    if (widthOf(joined) <= width) lines.splice(-1, 1, joined);
    else lines.push(...cutTo(width, (columns) => wrapAnsi(text, columns, { hard: true })).split("\n"));
  }
  return lines;
}

/** Breaks the lines of a text between their words, and keeps their indentation. */
export function wrapped(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const words = line.trimStart();
      const indent = line.slice(0, line.length - words.length);
      return words === "" ? [""] : listLines([visible(words)], width - indent.length).map((each) => indent + each);
    })
    .join("\n");
}

/** What a library cuts to a width, whose own measure of some signs may be less than what a terminal takes. */
const cutTo = (width: number, cut: (columns: number) => string): string => {
  for (let columns = width; columns > 1; columns -= 1) {
    const text = cut(columns);
    if (text.split("\n").every((line) => widthOf(line) <= width)) return text;
  }
  return cut(1);
};
