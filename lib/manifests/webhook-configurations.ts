import type { Policy, Target } from "../policy/policy.ts";
import { type MatchCondition, mutateConditions, statusConditions, validateConditions } from "./cel.ts";

/** Where the API server finds the webhook. */
export type Client =
  /** `https://host/clusters/CLUSTER/KEY`; the endpoint is added. */
  | { readonly url: string }
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port?: number } };

export interface WebhookOptions {
  readonly policy: Policy;
  readonly client: Client;
  /** Base64 of the PEM that signed the webhook's certificate. Absent: the API server's system roots. */
  readonly caBundle?: string;
  /** `metadata.name` of both configurations. */
  readonly name?: string;
  readonly failurePolicy?: "Fail" | "Ignore";
  /** 1 to 30. */
  readonly timeoutSeconds?: number;
  /** Labels of the namespaces that are guarded. Absent: all are, as they must be in the end. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}

/** `admissionregistration.k8s.io/v1` MutatingWebhookConfiguration or ValidatingWebhookConfiguration. */
export interface WebhookConfiguration {
  readonly apiVersion: "admissionregistration.k8s.io/v1";
  readonly kind: "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";
  readonly metadata: { readonly name: string };
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
 * The two configurations that a policy needs. The mutating one sets the field; the validating one sees the final object and is the
 * guarantee, because a mutating webhook may be skipped or overruled by one that comes after it.
 *
 * @example webhookConfigurations({ policy, client: { url: "https://guard.example.com/clusters/prod/KEY" } })
 */
export const webhookConfigurations = (
  options: WebhookOptions,
): readonly [WebhookConfiguration, WebhookConfiguration] => {
  const { policy, name = "impersonation-admission" } = options;
  const configuration = (kind: WebhookConfiguration["kind"], webhooks: readonly Webhook[]): WebhookConfiguration => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    metadata: { name },
    webhooks,
  });
  return [
    configuration(
      "MutatingWebhookConfiguration",
      policy.targets.map((target) => ({
        ...webhook(options, target, "mutate", "mutate", mutateConditions(target, policy.narrowing)),
        reinvocationPolicy: "IfNeeded",
      })),
    ),
    configuration(
      "ValidatingWebhookConfiguration",
      policy.targets.flatMap((target) => [
        webhook(options, target, "validate", "validate", validateConditions(target)),
        // A status write is never patched, so the mutating configuration has no use for it.
        ...(target.statusPaths.length > 0
          ? [webhook(options, target, "validate", "status", statusConditions(target))]
          : []),
      ]),
    ),
  ];
};

const webhook = (
  options: WebhookOptions,
  target: Target,
  endpoint: "mutate" | "validate",
  part: "mutate" | "validate" | "status",
  matchConditions: readonly MatchCondition[],
): Webhook => ({
  name: webhookName(options.policy, target, part),
  clientConfig: {
    ...clientConfig(options.client, endpoint),
    ...(options.caBundle ? { caBundle: options.caBundle } : {}),
  },
  rules: [
    {
      apiGroups: [target.group],
      apiVersions: target.versions,
      resources: part === "status" ? target.resources.map((resource) => `${resource}/status`) : target.resources,
      operations: part === "status" ? ["UPDATE"] : ["CREATE", "UPDATE"],
      scope: "*",
    },
  ],
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
    : { service: { ...client.service, path: `/${endpoint}` } };

/** Audit annotations stand under this name, so each part has its own, of three labels at least as the API server demands. */
const webhookName = (policy: Policy, target: Target, part: string): string => {
  const group = target.group || "core";
  const position = policy.targets.filter((other) => other.group === target.group).indexOf(target);
  return `${part}${position > 0 ? `-${position + 1}` : ""}.${group}.impersonation-admission`;
};
