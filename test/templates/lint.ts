import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programOf } from "../support/virtual-environment.ts";

/** A finding of cfn-lint about a template. */
export interface Finding {
  readonly rule: string;
  /** The place in the template. */
  readonly path: string;
  readonly message: string;
}

interface Match {
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
  readonly Message: string;
}

const cfnLint = programOf(fileURLToPath(new URL(".", import.meta.url)), "cfn-lint");

/** The exit status says whether there are findings; the findings are always on standard output. */
const output = async (args: readonly string[]): Promise<string> => {
  try {
    return (await promisify(execFile)(cfnLint, args)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    if (stdout === "") throw new Error(stderr);
    return stdout;
  }
};

/** The errors and warnings of cfn-lint on a template. */
export const lint = async (file: string): Promise<readonly Finding[]> => {
  const matches: readonly Match[] = JSON.parse(await output(["--format", "json", "--", file]));
  return matches.map(({ Rule, Location, Message }) => ({
    rule: Rule.Id,
    path: (Location.Path ?? []).join("/"),
    message: Message,
  }));
};
