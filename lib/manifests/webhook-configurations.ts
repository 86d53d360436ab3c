import { isInMetadata, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import {
  coversPods,
  type MatchCondition,
  mutateConditions,
  statusConditions,
  subresourceConditions,
  validateConditions,
} from "./cel.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";

/** The address of the webhook. */
export type Client =
  /** `https://host/clusters/CLUSTER/KEY`. The endpoint is appended. */
  | { readonly url: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly port?: number;
        /** `/clusters/CLUSTER/KEY`. The endpoint is appended. Absent: the endpoint alone. */
        readonly path?: string;
      };
    };

export interface WebhookOptions {
  readonly policy: Policy;
  readonly client: Client;
  /** Base64 of the PEM certificate that signed the webhook's certificate. Absent: the API server's system roots. */
  readonly caBundle?: string;
  /** `metadata.name` of both configurations. */
  readonly name?: string;
  readonly failurePolicy?: "Fail" | "Ignore";
  /** 1 to 30. */
  readonly timeoutSeconds?: number;
  /** `NAMESPACE/NAME` of a Certificate of cert-manager, whose CA it writes into `caBundle`. */
  readonly injectCaFrom?: string;
  /** Labels of the guarded namespaces. Absent: all namespaces, which is the goal. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}

/** `admissionregistration.k8s.io/v1` MutatingWebhookConfiguration or ValidatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubernetesObject {
  readonly apiVersion: "admissionregistration.k8s.io/v1";
  readonly kind: "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly webhooks: readonly Webhook[];
}

/** One of a configuration's `webhooks`. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: Readonly<Record<string, unknown>>;
  readonly rules: readonly Readonly<Record<string, unknown>>[];
  readonly matchPolicy: "Equivalent";
  readonly namespaceSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly matchConditions: readonly MatchCondition[];
  readonly failurePolicy: "Fail" | "Ignore";
  readonly sideEffects: "None";
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly ["v1"];
  readonly reinvocationPolicy?: "IfNeeded";
}

/**
 * The two configurations that a policy needs. The mutating webhook sets the field. The validating webhook sees the final object and is the
 * guarantee, because the API server may skip a mutating webhook, and a later webhook may overwrite its patch.
 *
 * @example
 * const [mutating] = webhookConfigurations({ policy, client: { url: "https://guard.example.com/clusters/prod/KEY" } });
 * mutating.webhooks.map(({ clientConfig }) => clientConfig.url); // ["https://guard.example.com/clusters/prod/KEY/mutate"]
 */
export function webhookConfigurations(options: WebhookOptions): readonly [WebhookConfiguration, WebhookConfiguration] {
  const { policy, name = "impersonation-admission", injectCaFrom } = options;
  const annotations = injectCaFrom && { "cert-manager.io/inject-ca-from": injectCaFrom };
  const configuration = (kind: WebhookConfiguration["kind"], webhooks: readonly Webhook[]): WebhookConfiguration => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    metadata: { name, ...(annotations && { annotations }) },
    webhooks,
  });
  return [
    configuration(
      "MutatingWebhookConfiguration",
      policy.targets.filter(isMutated).map((target) => ({
        ...webhook(options, target, "mutate", "mutate", mutateConditions(target, policy.narrowing)),
        reinvocationPolicy: "IfNeeded",
      })),
    ),
    configuration(
      "ValidatingWebhookConfiguration",
      policy.targets.flatMap((target) => [
        webhook(options, target, "validate", "validate", validateConditions(target)),
        // A subresource is never patched, so the mutating configuration leaves it out.
        ...(isStatusJudged(target) ? [webhook(options, target, "validate", "status", statusConditions(target))] : []),
        ...(target.fields.some(isInMetadata)
          ? [webhook(options, target, "validate", "subresources", subresourceConditions(target))]
          : []),
      ]),
    ),
  ];
}

/** Whether the target has a field outside the status, which mutate does not read. */
const isMutated = ({ fields }: Target): boolean => fields.some((field) => !isInStatus(field));

const isStatusJudged = ({ fields, statusPaths }: Target): boolean => statusPaths.length > 0 || fields.some(isInStatus);

/** The writes that a webhook or an admission policy is called for. */
export type Part = "mutate" | "validate" | "status" | "subresources";

/** The rule that selects these writes (`admissionregistration.k8s.io/v1` RuleWithOperations). */
export function resourceRule(target: Target, part: Part): Readonly<Record<string, unknown>> {
  const { group, versions, resources } = target;
  const suffix = { mutate: "", validate: "", status: "/status", subresources: "/*" }[part];
  return {
    apiGroups: [group],
    apiVersions: versions,
    resources: [
      ...resources.map((resource) => `${resource}${suffix}`),
      ...(part === "subresources" && coversPods(target) ? ["bindings"] : []),
    ],
    operations: part === "status" ? ["UPDATE"] : ["CREATE", "UPDATE"],
    scope: "*",
  };
}

const webhook = (
  options: WebhookOptions,
  target: Target,
  endpoint: "mutate" | "validate",
  part: Part,
  matchConditions: readonly MatchCondition[],
): Webhook => ({
  name: webhookName(options.policy, target, part),
  clientConfig: {
    ...clientConfig(options.client, endpoint),
    ...(options.caBundle ? { caBundle: options.caBundle } : {}),
  },
  rules: [resourceRule(target, part)],
  matchPolicy: "Equivalent",
  ...(options.namespaceLabels ? { namespaceSelector: { matchLabels: options.namespaceLabels } } : {}),
  matchConditions,
  failurePolicy: options.failurePolicy ?? "Fail",
  sideEffects: "None",
  timeoutSeconds: options.timeoutSeconds ?? 5,
  admissionReviewVersions: ["v1"],
});

const clientConfig = (client: Client, endpoint: "mutate" | "validate"): Readonly<Record<string, unknown>> =>
  "url" in client
    ? { url: `${client.url.replace(/\/+$/, "")}/${endpoint}` }
    : { service: { ...client.service, path: `${client.service.path ?? ""}/${endpoint}` } };

/** The API server puts audit annotations under this name, so each part has its own. It must have at least three labels. */
const webhookName = (policy: Policy, target: Target, part: string): string => {
  const group = target.group || "core";
  const position = policy.targets.filter((other) => other.group === target.group).indexOf(target);
  return `${part}${position > 0 ? `-${position + 1}` : ""}.${group}.impersonation-admission`;
};
