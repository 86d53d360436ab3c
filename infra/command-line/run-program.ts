import type { CommandList } from "./command.ts";
import { commandHelp, programHelp } from "./help-text.ts";
import { calledAs, version } from "./installation.ts";
import { nearest } from "./nearest.ts";
import { readCommandLine } from "./read-command-line.ts";
import { asksForHelp, UsageError } from "./usage.ts";

/**
 * Runs the command that a command line begins with. Without one it prints the commands. `--help` prints help and does nothing else,
 * whatever stands beside it.
 *
 * @throws UsageError
 */
export async function runProgram(summary: string, commands: CommandList, given: readonly string[]): Promise<void> {
  const [name, ...rest] = given;
  if (name === "--version" && !asksForHelp(rest)) {
    console.log(version());
    return;
  }
  if (name === undefined || name.startsWith("-")) {
    if (name !== undefined && !asksForHelp(given))
      throw new UsageError(`${name} stands before a command; --help lists them`);
    console.log(programHelp(summary, commands));
    return;
  }
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (listed === undefined) {
    const meant = nearest(name, Object.keys(commands));
    throw new UsageError(
      `unknown command ${name}${meant ? `; did you mean ${meant}?` : ""}\n--help lists the commands`,
    );
  }
  const command = await listed.load();
  if (asksForHelp(rest)) console.log(commandHelp(calledAs(name), listed.summary, command));
  else await command.run(readCommandLine(name, command, rest));
}
