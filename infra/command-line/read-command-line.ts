import { type Command, type CommandLine, type Option, type Options, takesValue } from "./command.ts";
import { refuseSwallowed } from "./refuse-swallowed.ts";
import { parseArguments, UsageError } from "./usage.ts";

/**
 * Reads what follows the name of a command, by its table of options.
 *
 * @throws UsageError
 */
export function readCommandLine(name: string, command: Command, given: readonly string[]): CommandLine {
  const { options, argument } = command;
  refuseSwallowed(name, options);
  const { values, positionals } = parseArguments(parseTable(options), given, {
    allowPositionals: argument !== undefined,
  });
  const entries = Object.entries(options).map(([option, about]) => {
    const value = values[option] ?? values[about.alias ?? ""];
    return [option, takesValue(about) ? allowed(option, about, value as string | undefined) : value === true];
  });
  return { values: Object.fromEntries(entries), positionals };
}

const parseTable = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => {
      const type = takesValue(option) ? ("string" as const) : ("boolean" as const);
      const row = { type, multiple: option.multiple ?? false };
      const main = {
        ...row,
        ...(option.short ? { short: option.short } : {}),
        ...(option.default === undefined ? {} : { default: option.default }),
      };
      return [[name, main] as const, ...(option.alias ? [[option.alias, row] as const] : [])];
    }),
  );

const allowed = (name: string, { choices, short }: Option, value: string | undefined): string | undefined => {
  if (value !== undefined && choices && !choices.includes(value))
    throw new UsageError(`${short ? `-${short}` : `--${name}`} ${value} is not ${choices.join(" or ")}`);
  return value;
};
