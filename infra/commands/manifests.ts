import { serviceAccountOf } from "../../lib/identity/index.ts";
import {
  admissionPolicies,
  askerRoles,
  type Client,
  type WebhookOptions,
  webhookConfigurations,
} from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { caBundleOf } from "../command-line/ca-bundle-of.ts";
import { defineCommand } from "../command-line/command.ts";
import { guardUrl } from "../command-line/guard-url.ts";
import { calledAs } from "../command-line/installation.ts";
import { isDnsLabel, isLabelKey, isLabelValue } from "../command-line/kubernetes-syntax.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { policyOf } from "../command-line/policy-of.ts";
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

const inTree = (options: Common): readonly object[] => {
  try {
    return admissionPolicies(options.policy, options);
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

const everyOption = [
  "url",
  "service",
  "ca-bundle",
  "timeout",
  "asker",
  "policy",
  "failure-policy",
  "namespace-label",
] as const;

/** Options that have no meaning beside another one, and the reason. */
const meaningless = {
  "admission-policies": {
    options: everyOption.slice(0, 5),
    why: "admission policies call nothing and have no identity",
  },
  examples: { options: everyOption, why: "the example roles are the same for every deployment" },
} as const;

export const manifests = defineCommand({
  synopsis: "(--url URL | --service NAMESPACE/NAME | --admission-policies | --examples) [options]",
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
    examples: {
      text: "print example roles instead, which grant impersonation; no option but -o goes with them",
    },
    output: outputOption("yaml", "json"),
  },
  notes:
    "Pipe the output into kubectl apply -f -, and the same output into kubectl delete -f - to undo it. Standard error names the command.",
  run: async ({ values }) => {
    const { output, timeout = "5", asker = defaultAsker, "failure-policy": failurePolicy = "Fail" } = values;
    const { "ca-bundle": caFile, "namespace-label": label } = values;
    if (values["admission-policies"] && values.examples)
      throw new UsageError("--admission-policies and --examples are printed one at a time");
    for (const mode of ["admission-policies", "examples"] as const)
      for (const option of values[mode] ? meaningless[mode].options : [])
        if (values[option] !== undefined)
          throw new UsageError(`--${option} means nothing with --${mode}: ${meaningless[mode].why}; leave it out`);
    const timeoutSeconds = Number(timeout);
    if (!/^\d+$/.test(timeout) || timeoutSeconds < 1 || timeoutSeconds > 30)
      throw new UsageError(`--timeout ${timeout} is not a number of seconds from 1 to 30`);
    const common = (): Common => ({
      policy: policyOf(values.policy),
      failurePolicy,
      ...(label === undefined ? {} : { namespaceLabels: labelOf(label) }),
    });
    const webhooks = (): readonly object[] => [
      ...webhookConfigurations({
        ...common(),
        client: clientOf(values.url, values.service),
        timeoutSeconds,
        ...(caFile === undefined ? {} : { caBundle: Buffer.from(caBundleOf(caFile)).toString("base64") }),
      }),
      ...askerRoles(askerOf(asker)),
    ];
    const objects = values.examples
      ? impersonatorRoles()
      : values["admission-policies"]
        ? inTree(common())
        : webhooks();
    console.log(
      output === "yaml"
        ? yamlText(objects).trimEnd()
        : JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2),
    );
    // kubectl delete reads only the names of the objects, so the key is left out.
    const url = values.url && redactUrl(guardUrl("--url", values.url)).replace(/\*{3}$/, "KEY");
    const { service, policy } = values;
    if (!values.examples) {
      for (const note of statusNotes(policyOf(values.policy))) console.error(`# ${note}`);
      console.error(
        `# to undo it: ${manifestsCommand("delete", { url, service, policy, "admission-policies": values["admission-policies"] })}`,
      );
    }
  },
});
