import { defaultPolicy, policies } from "../../functions/policies/index.ts";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { documentIn, naming } from "./files.ts";
import { UsageError } from "./usage.ts";

/** The policy that `--policy` names: a built-in one by its name, or a file that holds one. Absent: the default policy. */
export function policyOf(nameOrFile: string = defaultPolicy): Policy {
  const builtIn = policies.get(nameOrFile);
  if (builtIn) return builtIn;
  if (!/[./\\]/.test(nameOrFile))
    throw new UsageError(
      `there is no policy ${nameOrFile}; built in are ${[...policies.keys()].join(", ")}, or give a file`,
    );
  return naming(nameOrFile, () => readPolicy(documentIn(nameOrFile)));
}
