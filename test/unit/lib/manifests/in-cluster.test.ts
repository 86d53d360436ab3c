import { describe, expect, test } from "vitest";
import { type InClusterOptions, inCluster, type KubernetesObject } from "../../../../lib/manifests/index.ts";
import { type Policy, readPolicy } from "../../../../lib/policy/index.ts";

const policyFor = (group: string, resource: string): Policy =>
  readPolicy({
    name: "own",
    targets: [{ group, versions: ["*"], resources: [resource], fields: ["spec.user"], onForbidden: "deny" }],
  });
const usual: InClusterOptions = {
  ...{ policy: policyFor("g.example", "things"), policySource: { builtIn: "own" } },
  ...{ namespace: "doors", image: "i:1", tlsSecret: "tls" },
};
const namesOf = (more: Partial<InClusterOptions>): readonly string[] =>
  inCluster({ ...usual, ...more }).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
const found = (kind: string, more: Partial<InClusterOptions> = {}): KubernetesObject => {
  const [object] = inCluster({ ...usual, ...more }).filter((each) => each.kind === kind);
  if (!object) throw new Error(`no ${kind}`);
  return object;
};
const argumentsOf = (more: Partial<InClusterOptions>): readonly string[] => {
  const { template } = found("Deployment", more)["spec"] as {
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] } };
  };
  return template.spec.containers[0].args;
};

const accounts = [
  "ServiceAccount doors/impersonation-admission",
  "ClusterRole /impersonation-admission",
  "ClusterRoleBinding /impersonation-admission",
];
const pods = ["Service", "Deployment", "PodDisruptionBudget"].map((kind) => `${kind} doors/impersonation-admission`);
const webhooks = ["Mutating", "Validating"].map((kind) => `${kind}WebhookConfiguration /impersonation-admission`);

test.each<readonly [string, Partial<InClusterOptions>, readonly string[]]>([
  ["the webhook alone", {}, [...accounts, ...pods, ...webhooks]],
  [
    "a policy that is not built in",
    { policySource: { configMap: "own", text: "name: own", digest: "d" } },
    [...accounts, "ConfigMap doors/own", ...pods, ...webhooks],
  ],
  [
    "a certificate of cert-manager",
    { isCertManaged: true },
    [
      ...accounts,
      "Issuer doors/impersonation-admission-bootstrap",
      "Certificate doors/impersonation-admission-ca",
      "Issuer doors/impersonation-admission-ca",
      "Certificate doors/impersonation-admission",
      ...pods,
      ...webhooks,
    ],
  ],
  [
    "the proxy",
    { proxy: { isConstrained: false } },
    [
      ...accounts,
      "RoleBinding kube-system/impersonation-admission",
      "ServiceAccount doors/impersonation-admission-actor",
      "ClusterRole /impersonation-admission-actor",
      "ClusterRoleBinding /impersonation-admission-actor",
      "Secret doors/impersonation-admission-actor",
      ...pods,
      ...webhooks,
    ],
  ],
])("%s", (_, more, names) => {
  expect(namesOf(more)).toEqual(names);
});

test.each<readonly [string, Partial<InClusterOptions>, readonly string[]]>([
  ["a built-in policy", {}, ["--policy=own"]],
  [
    "a policy in a ConfigMap",
    { policySource: { configMap: "own", text: "", digest: "d" } },
    ["--policy=/policy/policy.yaml"],
  ],
  ["a key, by its hash", { key: { text: "secret", hash: "sha256:00" } }, ["--policy=own", "--key-hash=sha256:00"]],
  ["the proxy", { proxy: { isConstrained: true } }, ["--policy=own", "--actor-token-file=/actor/token"]],
])("the program is told of %s", (_, more, last) => {
  expect(argumentsOf(more).slice(5)).toEqual(last);
});

test("a change of a policy in a ConfigMap starts new pods", () => {
  const templateWith = (digest: string) =>
    JSON.stringify(found("Deployment", { policySource: { configMap: "own", text: "", digest } })["spec"]);
  expect(templateWith("a")).not.toBe(templateWith("b"));
});

test.each<readonly [string, Partial<InClusterOptions>, string | undefined]>([
  ["of its own", { isCertManaged: true }, "doors/impersonation-admission"],
  ["that is there", { injectCaFrom: "a/b" }, "a/b"],
  ["nowhere", { caBundle: "Q0E=" }, undefined],
])("cert-manager injects the CA of a Certificate %s", (_, more, from) => {
  for (const kind of ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
    expect(found(kind, more).metadata.annotations?.["cert-manager.io/inject-ca-from"]).toBe(from);
});

describe("a policy that covers what its own pods are made of is refused", () => {
  test.each([
    ["", "pods"],
    ["apps", "replicasets"],
    ["apps", "deployments"],
  ])("%s/%s", (group, resource) => {
    expect(() => inCluster({ ...usual, policy: policyFor(group, resource) })).toThrow(
      /^the policy covers .* while no pod runs, the API server could not make one; run the webhook outside the cluster/,
    );
  });

  test.each([
    ["", "services"],
    ["apps", "statefulsets"],
    ["g.example", "pods"],
  ])("but not %s/%s", (group, resource) => {
    expect(() => inCluster({ ...usual, policy: policyFor(group, resource) })).not.toThrow();
  });
});
