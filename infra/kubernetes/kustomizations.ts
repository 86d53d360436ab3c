import { policies } from "../../functions/policies/index.ts";
import { type InClusterOptions, inCluster, type KubernetesObject } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { version } from "../command-line/installation.ts";
import { yamlText } from "../command-line/yaml-text.ts";

/** What `manifests --in-cluster --cert-manager` prints without other options. */
const usual = (): InClusterOptions => ({
  policy: policies.get("razee") as Policy,
  policySource: { builtIn: "razee" },
  namespace: "impersonation-admission",
  image: `impersonation-admission:${version()}`,
  tlsSecret: "impersonation-admission-tls",
  isCertManaged: true,
});

const idOf = ({ kind, metadata: { namespace = "", name } }: KubernetesObject): string => `${kind} ${namespace}/${name}`;

interface PodSpec {
  readonly containers: readonly [{ readonly name: string; readonly args: unknown; readonly volumeMounts: unknown }];
  readonly volumes: unknown;
}

/** What the proxy changes of an object. Lists of names are merged, others replaced (strategic merge). */
const patchOf = (object: KubernetesObject): object => {
  const { apiVersion, kind, metadata } = object;
  const whose = { apiVersion, kind, metadata: { name: metadata.name } };
  if (kind === "ClusterRole") return { ...whose, rules: object["rules"] };
  const { template } = object["spec"] as { readonly template: { readonly spec: PodSpec } };
  const [{ name, args, volumeMounts }] = template.spec.containers;
  const spec = { containers: [{ name, args, volumeMounts }], volumes: template.spec.volumes };
  return { ...whose, metadata: { ...whose.metadata, namespace: metadata.namespace }, spec: { template: { spec } } };
};

/**
 * The files of the Kustomize bases by name: `webhook` is the webhook with a certificate of cert-manager, `webhook-and-proxy` stands on it.
 */
export function kustomizations(): Readonly<Record<string, string>> {
  const plain = inCluster(usual());
  const both = inCluster({ ...usual(), proxy: { isConstrained: false } });
  const before = new Map(plain.map((object) => [idOf(object), object]));
  const added = both.filter((object) => !before.has(idOf(object)));
  const changed = both.filter((object) => {
    const other = before.get(idOf(object));
    return other !== undefined && JSON.stringify(other) !== JSON.stringify(object);
  });
  return {
    "webhook/kustomization.yaml": kustomization({ resources: ["resources.yaml"] }),
    "webhook/resources.yaml": yamlText(plain),
    "webhook-and-proxy/kustomization.yaml": kustomization({
      resources: ["../webhook", "resources.yaml"],
      patches: [{ path: "patches.yaml" }],
    }),
    "webhook-and-proxy/resources.yaml": yamlText(added),
    "webhook-and-proxy/patches.yaml": yamlText(changed.map(patchOf)),
  };
}

const kustomization = (content: object): string =>
  yamlText([{ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", ...content }]);
