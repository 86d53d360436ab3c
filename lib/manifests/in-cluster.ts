import { type ServiceAccount, serviceAccountUsername } from "../identity/service-account.ts";
import type { Policy, Target } from "../policy/policy.ts";
import { coversPods } from "./cel.ts";
import { serviceCertificate } from "./certificates.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { proxyActorRoles, proxyAskerRoles } from "./proxy-accounts.ts";
import { askerRoles } from "./roles.ts";
import { serviceAccountObject } from "./service-account-object.ts";
import { type WebhookOptions, webhookConfigurations } from "./webhook-configurations.ts";
import { type PolicySource, policyConfigMap, workload, workloadName } from "./workload.ts";

export interface InClusterOptions
  extends Pick<
    WebhookOptions,
    "policy" | "caBundle" | "injectCaFrom" | "failurePolicy" | "timeoutSeconds" | "namespaceLabels"
  > {
  readonly namespace: string;
  readonly image: string;
  readonly replicas?: number;
  /** The name of a Secret with `tls.crt` and `tls.key`, for the Service's name. */
  readonly tlsSecret: string;
  /** How the program gets the policy. */
  readonly policySource: PolicySource;
  /** The key in the webhook's path, and its hash. Absent: every pod may ask the webhook who may name which identity. */
  readonly key?: { readonly text: string; readonly hash: string } | undefined;
  /** Whether a Certificate of cert-manager for the Secret is among the objects. Its CA is injected. */
  readonly isCertManaged?: boolean | undefined;
  /** Absent: the proxy is not served. */
  readonly proxy?: { readonly isConstrained: boolean } | undefined;
}

/** The name of the cluster in the webhook's path. */
const clusterInPath = "local";

/**
 * Everything that the webhook, and the proxy where it is wanted, need to run in the cluster that they guard. The webhook configurations
 * come last: from then on the API server asks the pods.
 *
 * @example
 * const options = { policy, policySource: { builtIn: "razee" }, namespace: "guard", image: "i", tlsSecret: "tls" };
 * inCluster(options).at(-1)?.kind; // "ValidatingWebhookConfiguration"
 * @throws RangeError for a policy that covers what the pods of the webhook are made of: while none runs, none could be made
 */
export function inCluster(options: InClusterOptions): readonly KubernetesObject[] {
  const { policySource, key, proxy, isCertManaged = false, replicas = 2, image, tlsSecret, ...webhooks } = options;
  const { policy, namespace } = webhooks;
  const deadlock = deadlockOf(policy);
  if (deadlock) throw new RangeError(deadlock);
  const pods = { namespace, name: workloadName };
  const actor = { namespace, name: `${workloadName}-actor` };
  const injected = isCertManaged ? `${namespace}/${workloadName}` : webhooks.injectCaFrom;
  return [
    serviceAccountObject(pods),
    ...(proxy
      ? [
          ...proxyAskerRoles(pods, workloadName),
          serviceAccountObject(actor),
          ...proxyActorRoles(actor, actor.name, proxy.isConstrained),
          tokenSecret(actor),
        ]
      : askerRoles(serviceAccountUsername(pods), workloadName)),
    ...policyConfigMap(namespace, policySource),
    ...(isCertManaged ? serviceCertificate({ ...pods, secretName: tlsSecret }) : []),
    ...workload({
      ...{ namespace, image, replicas, tlsSecret, policy: policySource },
      keyHash: key?.hash,
      actorSecret: proxy && actor.name,
    }),
    ...webhookConfigurations({
      ...webhooks,
      client: { service: { ...pods, port: 443, ...(key && { path: `/clusters/${clusterInPath}/${key.text}` }) } },
      ...(injected !== undefined && { injectCaFrom: injected }),
    }),
  ];
}

/** The token controller writes the token of the account into it. It is valid until the Secret is deleted. */
const tokenSecret = ({ namespace, name }: ServiceAccount): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace, annotations: { "kubernetes.io/service-account.name": name } },
  type: "kubernetes.io/service-account-token",
});

const deadlockOf = ({ targets }: Policy): string | undefined => {
  const target = targets.find(isNeededByPods);
  return (
    target &&
    `the policy covers ${target.resources.join(", ")} of ${target.group || "the core group"}, which the pods of the webhook are made of: while no pod runs, the API server could not make one; run the webhook outside the cluster (--url), or guard with --admission-policies`
  );
};

/** A Deployment makes ReplicaSets, and these make pods. */
const isNeededByPods = (target: Target): boolean =>
  coversPods(target) ||
  (target.group === "apps" && target.resources.some((resource) => ["deployments", "replicasets"].includes(resource)));
