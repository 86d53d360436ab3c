/** One option of a command. Help, completion and the reader of the command line take it from here. */
export interface Option {
  /** What help says of it, with its default in parentheses. */
  readonly text: string;
  /** What its value is, in help: `FILE`. Absent: a switch, or `choices` say it. */
  readonly value?: string;
  /** The only values that it may have. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly multiple?: true;
  /** One letter. */
  readonly short?: string;
  /** A second name, which help mentions in `text`. */
  readonly alias?: string;
}

export type Options = Readonly<Record<string, Option>>;

type Given<O extends Option> = O extends { choices: readonly (infer Choice)[] } ? Choice : string;
type ValueOf<O extends Option> = O extends { value: string } | { choices: readonly string[] }
  ? O extends { multiple: true }
    ? readonly string[] | undefined
    : Given<O> | (O extends { default: string } ? never : undefined)
  : boolean;

/** What a command line says: the value of each option, and the arguments. */
export interface CommandLine<O extends Options = Options> {
  readonly values: { readonly [Name in keyof O]: ValueOf<O[Name]> };
  readonly positionals: readonly string[];
}

/** What a command takes beside options. */
export interface Argument {
  readonly name: string;
  readonly text: string;
  readonly choices?: readonly string[];
  readonly isFile?: true;
}

/** One command of the program. Its name and summary are in the list of commands, so that these are known without loading it. */
export interface Command<O extends Options = Options> {
  /** What follows its name in the first line of help. */
  readonly synopsis: string;
  /** Absent: the command takes no arguments. */
  readonly argument?: Argument;
  readonly options: O;
  /** What help says at its end. */
  readonly notes?: string;
  run(line: CommandLine<O>): Promise<void>;
}

/** Gives `run` the types that the options of a command have. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command;
}

/** What the program knows of a command before it loads it. */
export interface ListedCommand {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command by its name, in the order of help. */
export type CommandList = Readonly<Record<string, ListedCommand>>;

/** Whether an option has a value. */
export function takesValue({ value, choices }: Option): boolean {
  return value !== undefined || choices !== undefined;
}
