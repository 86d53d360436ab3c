import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programOf } from "../support/virtual-environment.ts";

interface Schema {
  readonly typeName?: string;
  readonly handlers?: Readonly<Record<string, { readonly permissions?: readonly string[] }>>;
}

const python = programOf(fileURLToPath(new URL(".", import.meta.url)), "python");

/** The operations of CloudFormation on a resource of a stack. */
const handlers = ["create", "read", "update", "delete"];

/**
 * The permissions that a deployer of a resource type needs, for every feature of the type, from the type's own schema. cfn-lint contains the
 * schemas of AWS.
 */
export const schemaPermissions = async (): Promise<(type: string) => readonly string[]> => {
  const { stdout } = await promisify(execFile)(python, ["-c", "import cfnlint; print(cfnlint.__file__)"]);
  const folder = join(dirname(stdout.trim()), "data/schemas/resources");
  const permissions = new Map<string, Set<string>>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".json")) continue;
    const { typeName, handlers: all = {} }: Schema = JSON.parse(await readFile(join(folder, file), "utf8"));
    if (!typeName) continue;
    const known = permissions.get(typeName) ?? new Set();
    for (const name of handlers) for (const permission of all[name]?.permissions ?? []) known.add(permission);
    permissions.set(typeName, known);
  }
  return (type) => {
    const found = permissions.get(type);
    if (!found) throw new Error(`cfn-lint has no schema of ${type}`);
    return [...found].sort();
  };
};
