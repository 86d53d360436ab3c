import { policies } from "../../functions/policies/index.ts";
import { type InClusterOptions, inCluster, type KubernetesObject } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { version } from "../command-line/installation.ts";
import { yamlText } from "../command-line/yaml-text.ts";

/** What stands in the objects in place of a value of the chart. Numbers that no object holds stand for numbers. */
const marks: Readonly<Record<string, string>> = {
  '"@image@"':
    '{{ required "image is missing: the chart publishes none; build one with infra/container/Dockerfile" .Values.image | quote }}',
  '"@failurePolicy@"': "{{ .Values.failurePolicy }}",
  '"@caBundle@"': "{{ .Values.caBundle }}",
  '"@tlsSecret@"': "{{ .Values.tlsSecret }}",
  '"@injectCaFrom@"':
    "{{ if .Values.certManager }}{{ .Release.Namespace }}/impersonation-admission{{ else }}{{ .Values.injectCaFrom }}{{ end }}",
  // A name that Kubernetes takes, because it stands in the username of a service account.
  "namespace-of-the-release": "{{ .Release.Namespace }}",
  "@policy@": "{{ .Values.policy }}",
  "@keyHash@": "sha256:{{ .Values.key | sha256sum }}",
  "/clusters/local/@key@": "{{ with .Values.key }}/clusters/local/{{ . }}{{ end }}",
  "98761": "{{ .Values.timeoutSeconds }}",
  "98762": "{{ .Values.replicas }}",
};

const marked = (policy: Policy): InClusterOptions => ({
  ...{ policy, policySource: { builtIn: "@policy@" } },
  ...{ namespace: "namespace-of-the-release", image: "@image@", tlsSecret: "@tlsSecret@" },
  ...{ timeoutSeconds: 98_761, replicas: 98_762, failurePolicy: "@failurePolicy@" as "Fail" },
});

const filled = (text: string): string => {
  if (text.includes("{{")) throw new Error("an object of the chart holds {{, which Helm reads as its own");
  return Object.entries(marks).reduce((all, [mark, value]) => all.replaceAll(mark, value), text);
};

const key = { text: "@key@", hash: "@keyHash@" };

/**
 * One text with the lines of several versions, each version's own lines in a condition. A version may only add lines to the first one.
 */
const merged = (plain: string, versions: Readonly<Record<string, string>>): string => {
  const lines = plain.split("\n");
  const added = lines.map(() => "").concat("");
  for (const [condition, text] of Object.entries(versions)) {
    let at = 0;
    const own = lines.map((): string[] => []).concat([[]]);
    for (const line of text.split("\n"))
      if (line === lines[at]) at += 1;
      else own[at]?.push(line);
    if (at !== lines.length) throw new Error(`the version for ${condition} changes line ${at + 1}: ${lines[at]}`);
    for (const [place, more] of own.entries())
      if (more.length > 0) added[place] += `{{- if ${condition} }}\n${more.join("\n")}\n{{- end }}\n`;
  }
  return lines.map((line, at) => `${added[at]}${line}`).join("\n") + (added.at(-1) ?? "");
};

const isOf = (...kinds: readonly string[]) => {
  return ({ kind }: KubernetesObject): boolean => kinds.includes(kind);
};
const isWorkload = isOf("Service", "Deployment", "PodDisruptionBudget");
const isWebhook = isOf("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration");
const isCertificate = isOf("Issuer", "Certificate");
const isAccount = (object: KubernetesObject): boolean =>
  !isWorkload(object) && !isWebhook(object) && !isCertificate(object);

const textOf = (options: InClusterOptions, isWanted: (object: KubernetesObject) => boolean): string =>
  filled(yamlText(inCluster(options).filter(isWanted)));

/** The policies that may run in the cluster that they guard. */
const runnable = (): readonly (readonly [string, Policy])[] =>
  [...policies].filter(([, policy]) => {
    try {
      inCluster(marked(policy));
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  });

/** The files of the Helm chart by name: the objects of `manifests --in-cluster`, with values in place of its options. */
export function helmChart(): Readonly<Record<string, string>> {
  const known = runnable();
  const [[, first] = []] = known;
  if (first === undefined) throw new Error("no policy can run in the cluster that it guards");
  const options = marked(first);
  const proxy = (isConstrained: boolean): InClusterOptions => ({ ...options, proxy: { isConstrained } });
  const webhooksOf = (policy: Policy): string => {
    const keyed = { ...marked(policy), key };
    return merged(textOf(keyed, isWebhook), {
      ".Values.caBundle": textOf({ ...keyed, caBundle: "@caBundle@" }, isWebhook),
      "or .Values.certManager .Values.injectCaFrom": textOf({ ...keyed, injectCaFrom: "@injectCaFrom@" }, isWebhook),
    });
  };
  const names = known.map(([name]) => name).join(", ");
  return {
    "Chart.yaml": chart,
    "values.yaml": values(names),
    "templates/NOTES.txt": notes,
    "templates/accounts.yaml": `{{- if and .Values.proxy.enabled .Values.proxy.constrained }}
${textOf(proxy(true), isAccount)}{{- else if .Values.proxy.enabled }}
${textOf(proxy(false), isAccount)}{{- else }}
${textOf(options, isAccount)}{{- end }}
`,
    "templates/certificate.yaml": `{{- if .Values.certManager }}
${textOf({ ...options, isCertManaged: true }, isCertificate)}{{- end }}
`,
    "templates/deployment.yaml": merged(textOf(options, isWorkload), {
      ".Values.key": textOf({ ...options, key }, isWorkload),
      ".Values.proxy.enabled": textOf(proxy(false), isWorkload),
    }),
    "templates/webhooks.yaml": `{{- if not (or .Values.caBundle .Values.certManager .Values.injectCaFrom) }}
{{- fail "give caBundle, certManager or injectCaFrom, so that the API server knows who signed the certificate in tlsSecret" }}
{{- end }}
${known
  .map(
    ([name, policy], at) => `{{- ${at === 0 ? "if" : "else if"} eq .Values.policy "${name}" }}
${webhooksOf(policy)}`,
  )
  .join("")}{{- else }}
{{- fail (printf "there is no policy %s in this chart; built in are ${names}" .Values.policy) }}
{{- end }}
`,
  };
}

const chart = `apiVersion: v2
name: impersonation-admission
description: Checks the identities that custom resources name, and impersonates callers of the API server where that is wanted
type: application
version: ${version()}
appVersion: ${version()}
kubeVersion: ">=1.30.0-0"
`;

const values = (
  names: string,
): string => `# The image of the pods. The project publishes none: infra/container/Dockerfile builds it.
image: ""
replicas: 2
# One of: ${names}. A policy of your own is built in when its file stands in functions/policies.
policy: ${names.split(", ")[0]}

# A Secret of this namespace with tls.crt and tls.key, for impersonation-admission.NAMESPACE.svc.
tlsSecret: impersonation-admission-tls
# One of the three tells the API server who signed that certificate.
# cert-manager makes the Secret, and writes its CA into the webhooks:
certManager: false
# NAMESPACE/NAME of a Certificate of cert-manager that is there, whose CA it writes into the webhooks:
injectCaFrom: ""
# Base64 of the CA's PEM:
caBundle: ""

# The webhook answers only callers with this key. Without one, every pod of the cluster can ask which user may name which identity.
key: ""
# What the API server does with a write when the webhook fails: Fail or Ignore.
failurePolicy: Fail
# How long the API server waits for the webhook, 1 to 30.
timeoutSeconds: 5

proxy:
  # Serves the impersonating proxy too. The token of its account is as good as cluster-admin.
  enabled: false
  # Constrained impersonation (Kubernetes 1.36): members of system:masters, nodes and service accounts cannot be impersonated.
  constrained: false
`;

const notes = `Until the pods are ready, the API server refuses writes of the guarded resources:

  kubectl rollout status deployment/impersonation-admission --namespace {{ .Release.Namespace }}
`;
