import type { KubernetesObject } from "./kubernetes-object.ts";

/** How the program runs in a cluster. */
export interface WorkloadOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  /** The name of a Secret with `tls.crt` and `tls.key`. */
  readonly tlsSecret: string;
  readonly policy: PolicySource;
  /** The hash of the key in the webhook's URL, as the command `key` prints it. Absent: the webhook answers every caller. */
  readonly keyHash?: string | undefined;
  /** The name of the Secret with the token of the account that impersonates. Absent: the proxy is not served. */
  readonly actorSecret?: string | undefined;
}

/** A built-in policy, or the text of another one with its digest, whose change starts new pods. */
export type PolicySource =
  | { readonly builtIn: string }
  | { readonly configMap: string; readonly text: string; readonly digest: string };

/** The name of everything that runs in the cluster. */
export const workloadName = "impersonation-admission";

const labels = { "app.kubernetes.io/name": workloadName };
/** Any id that is not root's: no file of the image belongs to it. */
const userId = 65_532;
/** `r--r-----`: for the group of the pod alone. */
const groupMayRead = 0o440;
/** Longer than the program waits for requests that are under way, and than the pause before that. */
const gracePeriod = 45;
const policyFile = "policy.yaml";

/**
 * The Deployment, its Service and its disruption budget. Two pods, on different nodes where that is possible. They run under the
 * PodSecurity standard `restricted`.
 *
 * @example
 * const options = { namespace: "guard", image: "i", replicas: 2, tlsSecret: "tls", policy: { builtIn: "razee" } };
 * workload(options).map(({ kind }) => kind); // ["Service", "Deployment", "PodDisruptionBudget"]
 */
export function workload(options: WorkloadOptions): readonly KubernetesObject[] {
  const metadata = { name: workloadName, namespace: options.namespace, labels };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ name: "https", port: 443, targetPort: "https" }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: options.replicas,
        selector: { matchLabels: labels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: {
            labels,
            ...("digest" in options.policy && {
              annotations: { "impersonation-admission/policy-digest": options.policy.digest },
            }),
          },
          spec: podSpec(options),
        },
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: labels } },
    },
  ];
}

const podSpec = (options: WorkloadOptions) => ({
  serviceAccountName: workloadName,
  automountServiceAccountToken: true,
  terminationGracePeriodSeconds: gracePeriod,
  securityContext: {
    runAsNonRoot: true,
    ...{ runAsUser: userId, runAsGroup: userId, fsGroup: userId },
    seccompProfile: { type: "RuntimeDefault" },
  },
  topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
    ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway" },
    labelSelector: { matchLabels: labels },
    // Only the pods of one version count, so that a rollout does not end lopsided.
    matchLabelKeys: ["pod-template-hash"],
  })),
  containers: [
    {
      name: "server",
      image: options.image,
      args: argumentsOf(options),
      ports: [
        { name: "https", containerPort: 8443 },
        { name: "metrics", containerPort: 9443 },
      ],
      livenessProbe: { httpGet: { path: "/livez", port: "metrics" }, periodSeconds: 10, timeoutSeconds: 5 },
      readinessProbe: { httpGet: { path: "/readyz", port: "metrics" }, periodSeconds: 5, timeoutSeconds: 5 },
      // Until every node has heard that the pod is leaving, requests still arrive.
      lifecycle: { preStop: { sleep: { seconds: 5 } } },
      // Node keeps what large lists took; measured: up to 1 GiB (docs/proxy-performance.md).
      resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "2Gi" } },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      volumeMounts: [
        { name: "tls", mountPath: "/tls", readOnly: true },
        ...("configMap" in options.policy ? [{ name: "policy", mountPath: "/policy", readOnly: true }] : []),
        ...(options.actorSecret === undefined ? [] : [{ name: "actor", mountPath: "/actor", readOnly: true }]),
      ],
    },
  ],
  volumes: [
    { name: "tls", secret: { secretName: options.tlsSecret, defaultMode: groupMayRead } },
    ...("configMap" in options.policy ? [{ name: "policy", configMap: { name: options.policy.configMap } }] : []),
    ...(options.actorSecret === undefined
      ? []
      : [
          {
            name: "actor",
            secret: {
              ...{ secretName: options.actorSecret, defaultMode: groupMayRead },
              items: [{ key: "token", path: "token" }],
            },
          },
        ]),
  ],
});

/** The command line of the program, one option a line. */
const argumentsOf = ({ policy, keyHash, actorSecret }: WorkloadOptions): readonly string[] => [
  "--in-cluster",
  "--port=8443",
  "--metrics-port=9443",
  "--tls-cert=/tls/tls.crt",
  "--tls-key=/tls/tls.key",
  `--policy=${"builtIn" in policy ? policy.builtIn : `/policy/${policyFile}`}`,
  ...(keyHash === undefined ? [] : [`--key-hash=${keyHash}`]),
  ...(actorSecret === undefined ? [] : ["--actor-token-file=/actor/token"]),
];

/** The ConfigMap of a policy that is not built in. */
export function policyConfigMap(namespace: string, policy: PolicySource): readonly KubernetesObject[] {
  if ("builtIn" in policy) return [];
  const metadata = { name: policy.configMap, namespace, labels };
  return [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: { [policyFile]: policy.text } }];
}
