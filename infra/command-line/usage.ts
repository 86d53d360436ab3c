import { parseArgs, styleText } from "node:util";

/** What a user gave is wrong. The message says what and how to mend it; no stack is shown. */
export class UsageError extends Error {
  override name = "UsageError";
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/**
 * Reads a command line. Unknown options are the user's error, and so are arguments where a command takes none, an option without a value,
 * and one that is given twice where it holds one value; `--help` prints the help and ends.
 */
export function readArguments<T extends Options>(options: T, help: string, { allowPositionals = false } = {}) {
  try {
    const all = { ...options, help: { type: "boolean", short: "h" } } as const;
    const parsed = parseArgs({
      args: gatherLists(process.argv.slice(2)),
      options: all,
      allowPositionals,
      tokens: true,
    });
    if ((parsed.values as { help?: boolean }).help) {
      console.log(help);
      process.exit(0);
    }
    refuseUnclear(parsed.tokens, options);
    return parsed as ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n--help shows what there is`);
  }
}

interface Token {
  readonly kind: string;
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
}

const refuseUnclear = (tokens: readonly Token[], options: Options): void => {
  const seen = new Set<string>();
  for (const { kind, name = "", rawName, value } of tokens) {
    if (kind !== "option") continue;
    if (value === "") throw new UsageError(`${rawName} is empty; give it a value, or leave it away`);
    if (seen.has(name) && !options[name]?.multiple) throw new UsageError(`${rawName} is given twice; leave one away`);
    seen.add(name);
  }
};

/** `--rbac a.yaml b.yaml` is `--rbac a.yaml --rbac b.yaml`: no YAML file is anything else on our command lines. */
const gatherLists = (given: readonly string[]): string[] => {
  let last = "";
  return given.flatMap((argument, index) => {
    const follows = /^--rbac(=|$)/.test(last) && given[index - 1] !== "--rbac" && /\.ya?ml$/.test(argument);
    if (argument.startsWith("--")) last = argument;
    else if (!/\.ya?ml$/.test(argument)) last = "";
    return follows ? ["--rbac", argument] : [argument];
  });
};

/** Runs a command: an error of the user's is a sentence and status 2, any other a stack and status 1. */
export async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const text = error instanceof UsageError ? error.message : String(error instanceof Error ? error.stack : error);
    console.error(styleText("red", text, { stream: process.stderr }));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
