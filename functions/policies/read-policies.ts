import { readdirSync, readFileSync } from "node:fs";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { readDocument, textOf } from "../yaml/documents.ts";
import { PolicyFileError } from "./policy-file-error.ts";

/** The policy of a cluster that names none. */
export const defaultPolicy = "razee";

const inFolder = (file: string): string => `functions/policies/${file}`;

/** Code and notes may stand beside the policies. */
const isPolicy = (file: string): boolean => !/^\.|\.(ts|md)$/.test(file);

/**
 * Reads every `*.yaml` and `*.json` file of a folder as a policy, as kubectl reads such files. Each file is named after its policy.
 *
 * @returns the policies by name, in the order of their names
 * @throws PolicyFileError naming the file, the value and the fix
 */
export function readPolicies(folder: URL): ReadonlyMap<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const file of readdirSync(folder).filter(isPolicy).sort()) {
    const policy = naming(file, () => policyIn(folder, file));
    if (policies.has(policy.name))
      throw new PolicyFileError(`${inFolder(file)}: another file holds the policy ${policy.name}; remove one of them`);
    policies.set(policy.name, policy);
  }
  if (!policies.has(defaultPolicy))
    throw new PolicyFileError(
      `${inFolder(`${defaultPolicy}.yaml`)} is missing: a cluster that names no policy gets the policy ${defaultPolicy}`,
    );
  return new Map([...policies].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const policyIn = (folder: URL, file: string): Policy => {
  const [, name, extension] = /^(.*)\.(yaml|json)$/.exec(file) ?? [];
  if (name === undefined) throw new Error("is not a policy; name it *.yaml or *.json, or move it to another folder");
  const policy = readPolicy(readDocument(textOf(readFileSync(new URL(file, folder)))));
  if (policy.name !== name)
    throw new Error(`holds the policy ${policy.name}; name the file ${policy.name}.${extension}`);
  return policy;
};

const naming = <T>(file: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw new PolicyFileError(`${inFolder(file)}: ${(error as Error).message}`);
  }
};
