import { type Command, type CommandList, type Option, takesValue } from "./command.ts";
import { calledAs } from "./installation.ts";

const widest = 120;

/**
 * The help of one command.
 *
 * @param called what its usage begins with
 */
export function commandHelp(called: string, summary: string, command: Command): string {
  const { synopsis, argument, options, notes } = command;
  const rows = Object.entries(options).map(([option, about]) => [written(option, about), about.text] as const);
  if (argument) rows.unshift([argument.name, argument.text]);
  const usage = `usage: ${called} ${synopsis}`.trimEnd();
  return [
    ...wrapped(summary, widest),
    "",
    usage,
    "",
    ...inColumns(rows),
    ...(notes ? ["", ...wrapped(notes, widest)] : []),
  ].join("\n");
}

/** The help of the program: its commands. */
export function programHelp(summary: string, commands: CommandList): string {
  const rows = Object.entries(commands).map(([name, about]) => [name, about.summary] as const);
  const usage = `usage: ${calledAs("COMMAND")} [options]`;
  return [
    summary,
    "",
    usage,
    "",
    ...inColumns(rows),
    "",
    "COMMAND --help shows the options of a command; --version prints the version.",
  ].join("\n");
}

/** `-o table|json`, `--kubeconfig FILE`, `--all`. */
const written = (name: string, option: Option): string => {
  const flag = option.short ? `-${option.short}` : `--${name}`;
  return takesValue(option) ? `${flag} ${option.choices?.join("|") ?? option.value}` : flag;
};

const inColumns = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrapped(right, widest - width - 4).map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`),
  );
};

const wrapped = (text: string, width: number): readonly string[] => {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
};
