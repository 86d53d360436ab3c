import { isInMetadata, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import {
  coversPods,
  type MatchCondition,
  mutateConditions,
  statusConditions,
  subresourceConditions,
  validateConditions,
} from "./cel.ts";

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
 * @example
 * const [mutating] = webhookConfigurations({ policy, client: { url: "https://guard.example.com/clusters/prod/KEY" } });
 * mutating.webhooks.map(({ clientConfig }) => clientConfig.url); // ["https://guard.example.com/clusters/prod/KEY/mutate"]
 */
export function webhookConfigurations(options: WebhookOptions): readonly [WebhookConfiguration, WebhookConfiguration] {
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
      policy.targets.filter(isMutated).map((target) => ({
        ...webhook(options, target, "mutate", "mutate", mutateConditions(target, policy.narrowing)),
        reinvocationPolicy: "IfNeeded",
      })),
    ),
    configuration(
      "ValidatingWebhookConfiguration",
      policy.targets.flatMap((target) => [
        webhook(options, target, "validate", "validate", validateConditions(target)),
        // A subresource is never patched, so the mutating configuration has no use for it.
        ...(isStatusJudged(target) ? [webhook(options, target, "validate", "status", statusConditions(target))] : []),
        ...(target.fields.some(isInMetadata)
          ? [webhook(options, target, "validate", "subresources", subresourceConditions(target))]
          : []),
      ]),
    ),
  ];
}

/** Mutate does not read the status. */
const isMutated = ({ fields }: Target): boolean => fields.some((field) => !isInStatus(field));

const isStatusJudged = ({ fields, statusPaths }: Target): boolean => statusPaths.length > 0 || fields.some(isInStatus);

/** What a webhook or an admission policy is called for. */
export type Part = "mutate" | "validate" | "status" | "subresources";

/** The rule of a part (`admissionregistration.k8s.io/v1` RuleWithOperations). */
export function ruleOf(target: Target, part: Part): Readonly<Record<string, unknown>> {
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
  rules: [ruleOf(target, part)],
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
