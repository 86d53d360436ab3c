/** A change of the code, and its result in the tests. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  /** The changed lines as a whole, with every run of white space as one space. */
  readonly code: string;
  /** The same lines after the change. */
  readonly mutant: string;
  /** `Killed` and `Timeout` were noticed; `Survived` and `NoCoverage` were not. */
  readonly status: string;
  readonly milliseconds: number;
}

/** The parts of Stryker's JSON report that are read here (https://github.com/stryker-mutator/mutation-testing-elements, report-schema). */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Reported[] }>>;
}

interface Reported {
  readonly status: string;
  readonly replacement?: string;
  readonly duration?: number;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Both start at 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export const mutantsIn = ({ files }: Report): readonly Mutant[] =>
  Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    return mutants.map(({ status, replacement = "", duration = 0, location: { start, end } }) => {
      const changed = lines.slice(start.line - 1, end.line);
      const before = changed[0]?.slice(0, start.column - 1) ?? "";
      const after = changed.at(-1)?.slice(end.column - 1) ?? "";
      return {
        file,
        line: start.line,
        code: onOneLine(changed.join("\n")),
        mutant: onOneLine(`${before}${replacement}${after}`),
        status,
        milliseconds: duration,
      };
    });
  });

const onOneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
