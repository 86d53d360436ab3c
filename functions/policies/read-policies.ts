import { readdirSync, readFileSync } from "node:fs";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { readDocument, textOf } from "../yaml/documents.ts";
import { PolicyFileError } from "./policy-file-error.ts";

/** The policy of a cluster that names none. */
export const defaultPolicy = "razee";

const inFolder = (file: string): string => `functions/policies/${file}`;

/** Code and notes may stand beside the policies. */
const isPolicy = (file: string): boolean => !/^\.|\.(ts|md)$/.test(file);

/** A policy, and the text that its file holds. */
export interface PolicyFile {
  readonly policy: Policy;
  readonly text: unknown;
}

/**
 * Reads every `*.yaml` and `*.json` file of a folder as a policy, as kubectl reads such files. Each file is named after its policy.
 *
 * @returns the files by the name of their policy, in the order of their names
 * @throws PolicyFileError naming the file, the value and the fix
 */
export function readPolicies(folder: URL): ReadonlyMap<string, PolicyFile> {
  const files = new Map<string, PolicyFile>();
  for (const file of readdirSync(folder).filter(isPolicy).sort()) {
    const read = naming(file, () => policyIn(folder, file));
    const { name } = read.policy;
    if (files.has(name))
      throw new PolicyFileError(`${inFolder(file)}: another file holds the policy ${name}; remove one of them`);
    files.set(name, read);
  }
  if (!files.has(defaultPolicy))
    throw new PolicyFileError(
      `${inFolder(`${defaultPolicy}.yaml`)} is missing: a cluster that names no policy gets the policy ${defaultPolicy}`,
    );
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const policyIn = (folder: URL, file: string): PolicyFile => {
  const [, name, extension] = /^(.*)\.(yaml|json)$/.exec(file) ?? [];
  if (name === undefined) throw new Error("is not a policy; name it *.yaml or *.json, or move it to another folder");
  const text = readDocument(textOf(readFileSync(new URL(file, folder))));
  const policy = readPolicy(text);
  if (policy.name !== name)
    throw new Error(`holds the policy ${policy.name}; name the file ${policy.name}.${extension}`);
  return { policy, text };
};

const naming = <T>(file: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw new PolicyFileError(`${inFolder(file)}: ${(error as Error).message}`);
  }
};
