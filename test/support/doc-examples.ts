import { isDeepStrictEqual } from "node:util";

/** A statement of an `@example`, with the value that the comment behind it shows. */
interface Statement {
  readonly code: string;
  readonly result?: string;
}

export interface Example {
  readonly code: string;
  readonly statements: readonly Statement[];
}

const docBlocks = /\/\*\*[\s\S]*?\*\//g;

/** The `@example`s in the documentation comments of a source. */
export const examplesIn = (source: string): readonly Example[] =>
  [...source.matchAll(docBlocks)].flatMap(([block]) => {
    const text = block
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""))
      .join("\n");
    return [...text.matchAll(/^\s*@example\b([\s\S]*?)(?=^\s*@\w|(?![\s\S]))/gm)].map(([, code = ""]) => ({
      code: code.trim(),
      statements: statementsOf(code),
    }));
  });

/** A statement ends with its line where that line ends in a semicolon or shows a result. */
const statementsOf = (code: string): readonly Statement[] => {
  const statements: Statement[] = [];
  let lines: string[] = [];
  for (const line of code.trim().split("\n")) {
    const [, shown, result] = /^(.*\S)\s+\/\/ (.+)$/.exec(line) ?? [];
    lines.push(shown ?? line);
    if (result === undefined && !line.endsWith(";")) continue;
    statements.push({ code: lines.join("\n").replace(/;$/, ""), ...(result === undefined ? {} : { result }) });
    lines = [];
  }
  return lines.length === 0 ? statements : [...statements, { code: lines.join("\n") }];
};

/**
 * Runs an example with some names in scope. Throws where it throws, where a value is not the one that is shown, and where nothing is shown:
 * every statement but a declaration shows its value, and a declaration may.
 */
export const runExample = ({ statements }: Example, scope: Readonly<Record<string, unknown>>): void => {
  if (!statements.some(({ result }) => result !== undefined)) throw new Error("the example shows no result");
  const compare = (code: string, value: unknown, shown: unknown): void => {
    if (!isDeepStrictEqual(value, shown)) throw new Error(`${code} is ${JSON.stringify(value)}`);
  };
  const body = statements.map(({ code, result }) => {
    const [, declaration, declared] = /^(const) (?:(\w+) =)?/.exec(code) ?? [];
    if (result === undefined && declaration === undefined) throw new Error(`${code} shows no result`);
    if (result === undefined) return `${code};`;
    const compared = `compare(${JSON.stringify(code)}, ${declared ?? code}, ${result});`;
    return declared === undefined ? compared : `${code};\n${compared}`;
  });
  new Function("compare", ...Object.keys(scope), `"use strict"; {\n${body.join("\n")}\n}`)(
    compare,
    ...Object.values(scope),
  );
};
