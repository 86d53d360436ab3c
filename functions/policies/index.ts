import { defaultPolicy, readPolicies } from "./read-policies.ts";

const files = readPolicies(new URL("./", import.meta.url));

/**
 * The policies of this deployment, by name: every `*.yaml` and `*.json` file of this folder. The build reads and checks them; the bundle
 * holds what it found.
 */
export const policies = new Map([...files].map(([name, { policy }]) => [name, policy]));

/** The text of each policy's file. The functions do without it. */
export const policyTexts = new Map([...files].map(([name, { text }]) => [name, text]));

export { defaultPolicy };
