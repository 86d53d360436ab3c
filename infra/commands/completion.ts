import { type Command, type CommandList, defineCommand } from "../command-line/command.ts";
import { completionScripts, program } from "../command-line/completion-scripts.ts";
import { calledAs } from "../command-line/installation.ts";
import { UsageError } from "../command-line/usage.ts";

/** The command that prints a completion script for a list of commands, of which it may be one. */
export function completionOf(commands: CommandList): Command {
  return defineCommand({
    synopsis: "bash|zsh",
    argument: { name: "SHELL", text: "bash or zsh", choices: Object.keys(completionScripts) },
    options: {},
    notes: `Where ${program} is installed: source <(${program} completion bash)`,
    run: async ({ positionals }) => {
      const [shell = "", ...more] = positionals;
      const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
      if (script === undefined || more.length > 0)
        throw new UsageError(`give bash or zsh, as ${calledAs("completion")} bash`);
      const named = Object.entries(commands).map(async ([name, { summary, load }]) => ({
        name,
        summary,
        command: await load(),
      }));
      console.log(script(await Promise.all(named)));
    },
  });
}
