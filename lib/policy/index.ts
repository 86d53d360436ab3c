export type { Condition, Field, FieldRule, Permission, Policy, ServiceAccountForm, Target, Writer } from "./policy.ts";
export { PolicyError } from "./policy-error.ts";
export { readPolicy } from "./read-policy.ts";
