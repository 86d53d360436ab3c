import { defaultPolicy, policies, policyTexts } from "../../functions/policies/index.ts";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { documentIn, naming } from "./files.ts";
import { UsageError } from "./usage.ts";

/** The policy that `--policy` names: a built-in one or a preset by its name, or a file that holds one. Absent: the default policy. */
export function policyOf(nameOrFile: string = defaultPolicy): Policy {
  return policies.get(nameOrFile) ?? naming(nameOrFile, () => readPolicy(policyTextOf(nameOrFile)));
}

/** The text of that policy, as its file holds it. */
export function policyTextOf(nameOrFile: string = defaultPolicy): unknown {
  if (policyTexts.has(nameOrFile)) return policyTexts.get(nameOrFile);
  if (Object.hasOwn(presets, nameOrFile)) return { name: nameOrFile, targets: [{ preset: nameOrFile }] };
  if (/[./\\]/.test(nameOrFile)) return documentIn(nameOrFile);
  const builtIn = [...policies.keys()].join(", ");
  throw new UsageError(
    `there is no policy ${nameOrFile}; built in are ${builtIn}; presets are ${Object.keys(presets).join(", ")}; or give a file`,
  );
}
