import { defaultPolicy, readPolicies } from "./read-policies.ts";

/**
 * The policies of this deployment, by name: every `*.yaml` and `*.json` file of this folder. The build reads and checks them; the bundle
 * holds what it found.
 */
export const policies = readPolicies(new URL("./", import.meta.url));

export { defaultPolicy };
