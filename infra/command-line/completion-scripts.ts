import { type Command, type Option, type Options, takesValue } from "./command.ts";

/** The name of the program, as `bin` in package.json installs it. */
export const program = "impersonation-admission";

/** A command as a completion script needs it. */
export interface NamedCommand {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
}

/** Both forms of an option: `-o` and `--output`. */
const flagsOf = (name: string, { short }: Option): readonly string[] => [...(short ? [`-${short}`] : []), `--${name}`];

const isFile = ({ value }: Option): boolean => /FILE/.test(value ?? "");

/** How a shell's `case` finds the options of a command that have a value, by what the value is. */
const patterns = (name: string, options: Options, wanted: (option: Option) => boolean): string =>
  Object.entries(options)
    .filter(([, option]) => takesValue(option) && wanted(option))
    .flatMap(([option, about]) => flagsOf(option, about).map((flag) => `${name}:${flag}`))
    .join(" | ");

const bashCases = ({ name, command: { options, argument } }: NamedCommand): readonly string[] => {
  const choices = Object.entries(options).flatMap(([option, about]) =>
    about.choices ? [`${patterns(name, { [option]: about }, () => true)}) words='${about.choices.join(" ")}' ;;`] : [],
  );
  const files = patterns(name, options, isFile);
  const others = patterns(name, options, (option) => !option.choices && !isFile(option));
  const words = [...Object.entries(options).flatMap(([option, about]) => flagsOf(option, about)), "--help"];
  const rest = [...words, ...(argument?.choices ?? [])].join(" ");
  return [
    ...choices,
    ...(files === "" ? [] : [`${files}) files=1 ;;`]),
    ...(others === "" ? [] : [`${others}) ;;`]),
    `${name}:*) words='${rest}'${argument?.isFile ? " files=1" : ""} ;;`,
  ];
};

const bash = (
  commands: readonly NamedCommand[],
): string => `# Completes ${program} in bash: source <(${program} completion bash)
_impersonation_admission() {
  local word=\${COMP_WORDS[COMP_CWORD]} words= files=
  if ((COMP_CWORD == 1)); then
    words='${[...commands.map(({ name }) => name), "--help", "--version"].join(" ")}'
  else
    case \${COMP_WORDS[1]}:\${COMP_WORDS[COMP_CWORD - 1]} in
      ${commands.flatMap(bashCases).join("\n      ")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ $files && $word != -* ]]; then compopt -o default 2>/dev/null; fi
}
complete -F _impersonation_admission ${program}`;

const zsh = (commands: readonly NamedCommand[]): string => {
  const specs = ({ options, argument }: Command): readonly string[] => [
    ...Object.entries(options).flatMap(([option, about]) => {
      const action = about.choices ? `(${about.choices.join(" ")})` : isFile(about) ? "_files" : " ";
      const value = takesValue(about) ? `:${inZsh(about.value ?? option)}:${action}` : "";
      return flagsOf(option, about).map(
        (flag) => `'${about.multiple ? "*" : ""}${flag}[${inZsh(about.text)}]${value}'`,
      );
    }),
    "'--help[print help]'",
    ...(argument
      ? [
          `'*:${argument.name}:${argument.choices ? `(${argument.choices.join(" ")})` : argument.isFile ? "_files" : " "}'`,
        ]
      : []),
  ];
  const cases = commands.map(({ name, command }) => `    ${name}) _arguments ${specs(command).join(" ")} ;;`);
  return `#compdef ${program}
# Completes ${program} in zsh: source <(${program} completion zsh)
_impersonation_admission() {
  local -a names=(${commands.map(({ name, summary }) => `'${name}:${inZsh(summary)}'`).join(" ")})
  if ((CURRENT == 2)); then
    _describe command names
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases.join("\n")}
  esac
}
compdef _impersonation_admission ${program}`;
};

/** In single quotes, and in the brackets of _arguments, where : and ] end a part. */
const inZsh = (text: string): string => text.replaceAll(/[:\\[\]]/g, "\\$&").replaceAll("'", "'\\''");

/** A completion script by the name of its shell. It holds every command and option, so that completing starts no Node. */
export const completionScripts: Readonly<Record<string, (commands: readonly NamedCommand[]) => string>> = { bash, zsh };
