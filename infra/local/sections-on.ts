import type { Screen } from "../command-line/screen.ts";

/** Titles, each with the text under it. */
export function sectionsOn({ paint }: Screen, sections: readonly (readonly [title: string, text: string])[]): string {
  return sections.map(([title, text]) => `${paint("bold", title)}\n${text.trimEnd()}\n`).join("\n");
}
