import { parseArgs, styleText } from "node:util";
import { PolicyFileError } from "../../functions/policies/policy-file-error.ts";
import { nearest } from "./nearest.ts";

/** A user's mistake. The message says what is wrong and how to fix it; no stack is shown. */
export class UsageError extends Error {
  override name = "UsageError";
}

type ParseOptions = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/** Whether a command line asks for help: anywhere before `--`, whatever else it holds. */
export function asksForHelp(given: readonly string[]): boolean {
  const end = given.indexOf("--");
  return given.slice(0, end < 0 ? undefined : end).some((argument) => argument === "--help" || argument === "-h");
}

/** The help was printed, and nothing else is to be done. */
class HelpShown extends Error {
  override name = "HelpShown";
}

/**
 * Reads the command line of a developer script. `--help` prints the help and ends `run`, which must call this. The process ends by itself:
 * process.exit hangs at times in Node 24 while V8 still compiles.
 */
export function readArguments<T extends ParseOptions>(options: T, help: string) {
  const given = process.argv.slice(2);
  if (asksForHelp(given)) {
    console.log(help);
    throw new HelpShown();
  }
  return parseArguments(options, given);
}

/**
 * Reads options and arguments. Refuses unknown options, arguments where none are taken, an option without a value, and a second value
 * where an option holds one.
 *
 * @throws UsageError
 */
export function parseArguments<T extends ParseOptions>(
  options: T,
  given: readonly string[],
  { allowPositionals = false } = {},
) {
  const how = { args: gatherLists(given), options, allowPositionals: true } as const;
  const { tokens } = parseArgs({ ...how, strict: false, tokens: true });
  const fault = faultOf(tokens, options, allowPositionals);
  if (fault) throw new UsageError(`${fault}\n--help shows the options`);
  return parseArgs(how);
}

interface Token {
  readonly kind: string;
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** What is wrong with a command line, in a sentence. */
const faultOf = (tokens: readonly Token[], options: ParseOptions, allowPositionals: boolean): string | undefined => {
  const seen = new Set<string>();
  for (const { kind, name = "", rawName = "", value, inlineValue } of tokens) {
    if (kind === "positional" && !allowPositionals) return `unexpected argument ${value}`;
    if (kind !== "option") continue;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) return unknown(rawName, Object.keys(options));
    if (option.type === "boolean" && value !== undefined) return `${rawName} takes no value; leave it out`;
    if (option.type === "string" && value === undefined) return `${rawName} needs a value`;
    if (option.type === "string" && !inlineValue && /^-./.test(value ?? ""))
      return `${rawName} needs a value; where it begins with -, write ${rawName}=${value}`;
    if (value === "") return `${rawName} is empty; give it a value, or leave it out`;
    if (seen.has(name) && !option.multiple) return `${rawName} is given twice; leave one out`;
    seen.add(name);
  }
  return undefined;
};

const unknown = (given: string, names: readonly string[]): string => {
  const meant = nearest(given.replace(/^-+/, ""), names);
  return `unknown option ${given}${meant ? `; did you mean --${meant}?` : ""}`;
};

/** `--rbac a.yaml b.yaml` is `--rbac a.yaml --rbac b.yaml`: no other argument of a command is a YAML file. */
const gatherLists = (given: readonly string[]): string[] => {
  let last = "";
  return given.flatMap((argument, index) => {
    const follows = /^--rbac(=|$)/.test(last) && given[index - 1] !== "--rbac" && /\.ya?ml$/.test(argument);
    if (argument.startsWith("--")) last = argument;
    else if (!/\.ya?ml$/.test(argument)) last = "";
    return follows ? ["--rbac", argument] : [argument];
  });
};

/** Runs a command: a user's mistake is a sentence and exit status 2, any other error a stack and exit status 1. */
export async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (error instanceof HelpShown) return;
    const isUsers = error instanceof UsageError || error instanceof PolicyFileError;
    const text = isUsers ? error.message : String(error instanceof Error ? error.stack : error);
    console.error(styleText("red", text, { stream: process.stderr }));
    process.exitCode = isUsers ? 2 : 1;
  }
}
