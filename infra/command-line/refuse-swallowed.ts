import { type Options, takesValue } from "./command.ts";
import { UsageError } from "./usage.ts";

/**
 * Refuses to run where npm took an option of the command for its own, because no `--` stands before it: npm hands it on as an environment
 * variable, and without this the command would run as if the option had not been given.
 *
 * @throws UsageError that says how to call the command
 */
export function refuseSwallowed(command: string, options: Options): void {
  const { env } = process;
  if (env["npm_lifecycle_event"] !== command) return;
  const isTaken = (name: string | undefined): boolean =>
    name !== undefined && (env[`npm_config_${name.replaceAll("-", "_")}`] ?? "") !== "";
  const taken = Object.entries(options).filter(([name, { short, alias }]) => [name, short, alias].some(isTaken));
  if (taken.length === 0) return;
  const written = taken.map(([name, option]) =>
    takesValue(option) ? `--${name} ${option.choices?.join("|") ?? option.value}` : `--${name}`,
  );
  const names = taken.map(([name]) => `--${name}`).join(" and ");
  throw new UsageError(
    `npm took ${names} for itself; put -- before the options: npm run ${command} -- ${written.join(" ")}`,
  );
}
