export type { Condition, Field, FieldRule, Permission, Policy, ServiceAccountForm, Target, Writer } from "./policy.ts";
export { PolicyError } from "./policy-error.ts";
export { readPolicy, withoutPresets } from "./read-policy.ts";
