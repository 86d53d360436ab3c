import { createHash } from "node:crypto";
import { defaultPolicy, policies } from "../../functions/policies/index.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { serviceAccountOf } from "../../lib/identity/index.ts";
import {
  admissionPolicies,
  askerRoles,
  type Client,
  inCluster,
  type KubernetesObject,
  type PolicySource,
  proxyAccounts,
  type WebhookOptions,
  webhookConfigurations,
} from "../../lib/manifests/index.ts";
import { type Policy, withoutPresets } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { caBundleOf } from "../command-line/ca-bundle-of.ts";
import { defineCommand } from "../command-line/command.ts";
import { naming, readText } from "../command-line/files.ts";
import { guardUrl } from "../command-line/guard-url.ts";
import { calledAs, version } from "../command-line/installation.ts";
import { isDnsLabel, isLabelKey, isLabelValue } from "../command-line/kubernetes-syntax.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { policyOf, policyTextOf } from "../command-line/policy-of.ts";
import { outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { redactUrl } from "../doctor/redact.ts";
import { defaultAsker, impersonatorRoles } from "../kubernetes/example-roles.ts";

const clientOf = (url: string | undefined, service: string | undefined): Client => {
  if (url !== undefined && service === undefined) return { url: guardUrl("--url", url) };
  if (url !== undefined || service === undefined)
    throw new UsageError("give --url URL or --service NAMESPACE/NAME, and not both; --help explains them");
  const [namespace = "", name = "", ...more] = service.split("/");
  if (!isDnsLabel(namespace) || !isDnsLabel(name) || more.length > 0)
    throw new UsageError(`--service ${service} is not NAMESPACE/NAME`);
  return { service: { namespace, name, port: 443 } };
};

const labelOf = (text: string): Readonly<Record<string, string>> => {
  const [key = "", ...rest] = text.split("=");
  const value = rest.join("=");
  if (rest.length === 0 || !isLabelKey(key) || !isLabelValue(value))
    throw new UsageError(
      `--namespace-label ${text} is not a label, such as guarded=yes or example.com/guarded=yes; names and values have up to 63 of A-Z a-z 0-9 - _ . and begin and end with a letter or a digit`,
    );
  return { [key]: value };
};

const askerOf = (username: string): string => {
  if (username !== username.trim() || (/^system:serviceaccount:/.test(username) && !serviceAccountOf(username)))
    throw new UsageError(
      `--asker ${username} is not a username; a service account is system:serviceaccount:NAMESPACE:NAME`,
    );
  return username;
};

type Common = Pick<WebhookOptions, "policy" | "failurePolicy" | "namespaceLabels">;

/** Makes objects; what cannot be made is the user's mistake. */
const refusing = <Objects>(make: () => Objects): Objects => {
  try {
    return make();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
};

/** Notes on groups whose verdicts depend on the versions that the cluster serves. */
const statusNotes = ({ targets }: Policy): readonly string[] => {
  const open = targets.filter(({ group, statusWriters }) => group.includes(".") && statusWriters.length === 0);
  return [...new Set(open.map(({ group }) => group))].map(
    (group) =>
      `${group}: without statusWriters in the policy, each write of a status is judged as an edit where a version has no status subresource; ${calledAs("doctor")} names such versions`,
  );
};

/** What is printed instead of the webhooks at an address. */
const modes = ["in-cluster", "admission-policies", "examples", "proxy", "show-policy"] as const;

type Mode = (typeof modes)[number] | "address";

/** The modes that an option goes with. */
const modesOf = {
  url: ["address"],
  service: ["address"],
  asker: ["address"],
  "ca-bundle": ["address", "in-cluster"],
  timeout: ["address", "in-cluster"],
  policy: ["address", "in-cluster", "admission-policies", "show-policy"],
  "failure-policy": ["address", "in-cluster", "admission-policies"],
  "namespace-label": ["address", "in-cluster", "admission-policies"],
  constrained: ["proxy", "in-cluster"],
  namespace: ["proxy", "in-cluster"],
  image: ["in-cluster"],
  "tls-secret": ["in-cluster"],
  "cert-manager": ["in-cluster"],
  "inject-ca-from": ["in-cluster"],
  key: ["in-cluster"],
} as const satisfies Readonly<Record<string, readonly Mode[]>>;

/** Why other options have no meaning in a mode. */
const reasons: Readonly<Record<(typeof modes)[number], string>> = {
  "in-cluster": "the webhook is a Service of its own, and asks with the service account of its pods",
  "admission-policies": "admission policies call nothing and have no identity",
  examples: "the example roles are the same for every deployment",
  proxy: "it prints the accounts of a proxy, which no policy and no webhook changes",
  "show-policy": "it prints the policy itself, not objects of a cluster",
};

const defaultNamespace = "impersonation-admission";
const defaultTlsSecret = "impersonation-admission-tls";

const dnsLabelOf = (option: string, text: string): string => {
  if (!isDnsLabel(text))
    throw new UsageError(`--${option} ${text} is not a name that Kubernetes takes; it has up to 63 of a-z 0-9 -`);
  return text;
};

/** How the program in a container gets the policy: by its name where it is built in, else from a ConfigMap. */
const policySourceOf = (nameOrFile: string = defaultPolicy): PolicySource => {
  if (policies.has(nameOrFile)) return { builtIn: nameOrFile };
  const text = Object.hasOwn(presets, nameOrFile)
    ? yamlText([policyTextOf(nameOrFile) as object])
    : readText(nameOrFile);
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { configMap: "impersonation-admission-policy", text, digest };
};

const keyOf = (text: string) => {
  if (!/^[A-Za-z0-9_-]+$/.test(text))
    throw new UsageError(`--key has characters other than A-Z a-z 0-9 - _; ${calledAs("key")} makes one`);
  return { text, hash: hashOfKey(text) };
};

const certificateOf = (text: string): string => {
  const [namespace = "", name = "", ...more] = text.split("/");
  if (!isDnsLabel(namespace) || !isDnsLabel(name) || more.length > 0)
    throw new UsageError(`--inject-ca-from ${text} is not NAMESPACE/NAME of a Certificate of cert-manager`);
  return text;
};

interface Given extends Readonly<Partial<Record<keyof typeof modesOf, string | boolean | undefined>>> {
  readonly "in-cluster": boolean;
  readonly "admission-policies": boolean;
  readonly examples: boolean;
  readonly proxy: boolean;
  readonly "show-policy": boolean;
}

/** What a command line asks for. Refuses options that have no meaning there. */
const modeOf = (given: Given): Mode => {
  const [chosen, other] = modes.filter((name) => given[name] && !(name === "proxy" && given["in-cluster"]));
  if (other) throw new UsageError(`--${chosen} and --${other} are printed one at a time`);
  const mode = chosen ?? "address";
  for (const [option, known] of Object.entries(modesOf) as [keyof typeof modesOf, readonly Mode[]][]) {
    if (given[option] === undefined || given[option] === false) continue;
    if (option === "constrained" && !given.proxy)
      throw new UsageError("--constrained means nothing without --proxy; leave it out");
    if (known.includes(mode)) continue;
    if (mode !== "address" && known.includes("address"))
      throw new UsageError(`--${option} means nothing with --${mode}: ${reasons[mode]}; leave it out`);
    throw new UsageError(
      `--${option} means nothing without ${known.map((name) => `--${name}`).join(" or ")}; leave it out`,
    );
  }
  return mode;
};

/** What must be there before the pods, and what else is to be known. */
const podNotes = (policy: Policy, namespace: string, hasKey: boolean): readonly string[] => [
  ...statusNotes(policy),
  `first: kubectl create namespace ${namespace}`,
  `then: kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=restricted`,
  `until the pods are ready, writes of the guarded resources are refused: kubectl rollout status deployment/impersonation-admission --namespace ${namespace}`,
  ...(hasKey ? [] : ["without --key, every pod of the cluster can ask the webhook which user may name which identity"]),
];

/** How the two accounts of a proxy get their tokens. */
const tokenNotes = (namespace: string): readonly string[] => [
  `first: kubectl create namespace ${namespace}`,
  "tokens, which end after a day: write new ones into the same files before that, the proxy reads a tokenFile again",
  ...["asker", "actor"].map(
    (account) =>
      `  kubectl create token proxy-${account} --namespace ${namespace} --duration 24h > proxy-${account}.token`,
  ),
];

export const manifests = defineCommand({
  synopsis: "(--url URL | --service NAMESPACE/NAME | --in-cluster | --proxy | ...) [options]",
  options: {
    url: {
      value: "URL",
      text: "https://HOST/clusters/CLUSTER/KEY, where the function is; /mutate and /validate are added",
    },
    service: { value: "NAMESPACE/NAME", text: "a Service of the cluster instead" },
    "ca-bundle": { value: "FILE", text: "the CA of the webhook's certificate, PEM (the API server's system roots)" },
    policy: sharedOptions.policy,
    asker: {
      value: "USERNAME",
      text: `the webhook's identity on the cluster, a user or system:serviceaccount:NAMESPACE:NAME (${defaultAsker})`,
    },
    "failure-policy": {
      choices: ["Fail", "Ignore"],
      text: "what the API server does with a write when the webhook fails (Fail)",
    },
    timeout: { value: "SECONDS", text: "how long the API server waits for the webhook, 1 to 30 (5)" },
    "namespace-label": { value: "K=V", text: "guard only namespaces with this label, for a trial (all)" },
    "admission-policies": {
      alias: "twins",
      text: "print the policy as admission policies of Kubernetes instead, which need no function; only --policy, --failure-policy and --namespace-label go with them. --twins is the same",
    },
    "show-policy": {
      text: "print the policy itself, with the targets that each preset stands for; a policy file may hold that text",
    },
    examples: {
      text: "print example roles instead, which grant impersonation; no option but -o goes with them",
    },
    "in-cluster": {
      text: "print all that the webhook needs to run in the cluster that it guards: two pods, their roles, a Service, the webhooks",
    },
    image: { value: "IMAGE", text: `with --in-cluster: the image of the pods (impersonation-admission:${version()})` },
    "tls-secret": {
      value: "NAME",
      text: `with --in-cluster: the Secret with tls.crt and tls.key for the Service (${defaultTlsSecret}); --ca-bundle, --cert-manager or --inject-ca-from says who signed it`,
    },
    "cert-manager": { text: "with --in-cluster: print a Certificate of cert-manager for that Secret too" },
    "inject-ca-from": {
      value: "NAMESPACE/NAME",
      text: "with --in-cluster: a Certificate of cert-manager that is there, whose CA it writes into the webhooks",
    },
    key: {
      value: "KEY",
      text: "with --in-cluster: the webhook answers only callers with this key (every pod of the cluster)",
    },
    proxy: {
      text: "print the two accounts of a proxy, with their roles: one asks, the other impersonates; with --in-cluster, serve the proxy too",
    },
    constrained: {
      text: "with --proxy: constrained impersonation (Kubernetes 1.36), so that members of system:masters cannot be impersonated; nodes and service accounts cannot, either",
    },
    namespace: {
      value: "NAME",
      text: `with --proxy or --in-cluster: the namespace of accounts and pods (${defaultNamespace})`,
    },
    output: outputOption("yaml", "json"),
  },
  notes:
    "Pipe the output into kubectl apply -f -, and the same output into kubectl delete -f - to undo it. Standard error names the command.",
  run: async ({ values }) => {
    const { output, timeout = "5", asker = defaultAsker, "failure-policy": failurePolicy = "Fail" } = values;
    const { "ca-bundle": caFile, "namespace-label": label } = values;
    const mode = modeOf(values);
    const namespace = dnsLabelOf("namespace", values.namespace ?? defaultNamespace);
    const timeoutSeconds = Number(timeout);
    if (!/^\d+$/.test(timeout) || timeoutSeconds < 1 || timeoutSeconds > 30)
      throw new UsageError(`--timeout ${timeout} is not a number of seconds from 1 to 30`);
    const common = (): Common => ({
      policy: policyOf(values.policy),
      failurePolicy,
      ...(label === undefined ? {} : { namespaceLabels: labelOf(label) }),
    });
    const bundled = caFile === undefined ? {} : { caBundle: Buffer.from(caBundleOf(caFile)).toString("base64") };
    const webhooks = (): readonly object[] => [
      ...webhookConfigurations({
        ...common(),
        client: clientOf(values.url, values.service),
        timeoutSeconds,
        ...bundled,
      }),
      ...askerRoles(askerOf(asker)),
    ];
    const pods = (): readonly KubernetesObject[] => {
      const { image = `impersonation-admission:${version()}`, key, proxy, constrained } = values;
      const tlsSecret = dnsLabelOf("tls-secret", values["tls-secret"] ?? defaultTlsSecret);
      const isCertManaged = values["cert-manager"];
      const certificate = values["inject-ca-from"];
      if ([caFile !== undefined, isCertManaged, certificate !== undefined].filter(Boolean).length !== 1)
        throw new UsageError(
          "give one of --ca-bundle FILE, --cert-manager and --inject-ca-from NAMESPACE/NAME, so that the API server knows who signed the certificate in --tls-secret",
        );
      return refusing(() =>
        inCluster({
          ...common(),
          ...{ namespace, image, tlsSecret, timeoutSeconds, isCertManaged },
          policySource: policySourceOf(values.policy),
          ...bundled,
          ...(certificate !== undefined && { injectCaFrom: certificateOf(certificate) }),
          key: key === undefined ? undefined : keyOf(key),
          proxy: proxy ? { isConstrained: constrained } : undefined,
        }),
      );
    };
    const printed: Readonly<Record<Mode, () => readonly object[]>> = {
      address: webhooks,
      "in-cluster": pods,
      examples: impersonatorRoles,
      "admission-policies": () => refusing(() => admissionPolicies(common().policy, common())),
      proxy: () => proxyAccounts({ namespace, isConstrained: values.constrained }),
      "show-policy": () => [naming(values.policy ?? defaultPolicy, () => withoutPresets(policyTextOf(values.policy)))],
    };
    const objects = printed[mode]();
    if (mode === "show-policy") {
      console.log(output === "yaml" ? yamlText(objects).trimEnd() : JSON.stringify(objects[0], null, 2));
      return;
    }
    console.log(
      output === "yaml"
        ? yamlText(objects).trimEnd()
        : JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2),
    );
    // kubectl delete reads only the names of the objects, so the key is left out.
    const url = values.url && redactUrl(guardUrl("--url", values.url)).replace(/\*{3}$/, "KEY");
    const { service, policy, proxy, constrained } = values;
    if (mode === "examples") return;
    const notes = {
      ...{ address: statusNotes, "admission-policies": statusNotes },
      "in-cluster": (guarded: Policy) => podNotes(guarded, namespace, values.key !== undefined),
      proxy: () => tokenNotes(namespace),
    }[mode](policyOf(policy));
    for (const note of notes) console.error(`# ${note}`);
    const undo = {
      ...{ url, service, policy, proxy, constrained, namespace: values.namespace },
      "admission-policies": values["admission-policies"],
      "in-cluster": values["in-cluster"],
      "cert-manager": values["cert-manager"],
      ...(mode === "in-cluster" && { "ca-bundle": caFile, "inject-ca-from": values["inject-ca-from"] }),
    };
    console.error(`# to undo it: ${manifestsCommand("delete", undo)}`);
  },
});
