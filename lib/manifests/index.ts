export { type AdmissionPolicyObject, type AdmissionPolicyOptions, admissionPolicies } from "./admission-policies.ts";
export type { MatchCondition } from "./cel.ts";
export { type InClusterOptions, inCluster } from "./in-cluster.ts";
export type { KubernetesObject } from "./kubernetes-object.ts";
export { proxyAccounts } from "./proxy-accounts.ts";
export { askerRoles, type RbacObject, serviceAccountImpersonatorRoles, userImpersonatorRoles } from "./roles.ts";
export {
  type Client,
  type Webhook,
  type WebhookConfiguration,
  type WebhookOptions,
  webhookConfigurations,
} from "./webhook-configurations.ts";
export type { PolicySource } from "./workload.ts";
