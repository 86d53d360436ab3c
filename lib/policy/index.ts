export type { Field, Permission, Policy, ServiceAccountForm, Target, Writer } from "./policy.ts";
export { PolicyError, readPolicy } from "./read-policy.ts";
