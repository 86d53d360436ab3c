import { X509Certificate } from "node:crypto";
import { askerRoles, type Client, twins, type WebhookOptions, webhookConfigurations } from "../lib/manifests/index.ts";
import { defaultAsker, impersonatorRoles } from "./kubernetes-examples.ts";
import { policyOf, readText } from "./local-cluster.ts";
import { readArguments, run, UsageError } from "./usage.ts";
import { yamlText } from "./yaml-text.ts";

const help = `Prints what is applied to a cluster: both webhook configurations, and the role of the webhook's own identity there.

usage: npm run -s manifests -- (--url URL | --service NAMESPACE/NAME | --twins | --examples) [options]

  --url URL                 https://HOST/clusters/CLUSTER/KEY, where the function is; /mutate and /validate are added
  --service NAMESPACE/NAME  a Service of the cluster instead
  --ca-bundle FILE          PEM that signed the certificate (the API server's system roots)
  --policy NAME|FILE        what is guarded (razee)
  --asker USERNAME          the webhook's identity on the cluster, a user or system:serviceaccount:NAMESPACE:NAME
                            (system:serviceaccount:impersonation-admission:impersonation-admission)
  --failure-policy POLICY   Fail or Ignore (Fail)
  --timeout SECONDS         1 to 30 (5)
  --namespace-label K=V     guard only namespaces with this label, for a trial (all)
  --twins                   print the policy as admission policies of Kubernetes instead, which need no function
  --examples                print example roles instead: who may impersonate whom
  -o yaml|json              (yaml)`;

const clientOf = (url: string | undefined, service: string | undefined): Client => {
  if ((url === undefined) === (service === undefined))
    throw new UsageError("give --url URL or --service NAMESPACE/NAME, and not both; --help says more");
  if (service !== undefined) {
    const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(service) ?? [];
    if (!namespace || !name) throw new UsageError(`--service ${service} is not NAMESPACE/NAME`);
    return { service: { namespace, name, port: 443 } };
  }
  const parsed = URL.parse(url ?? "");
  if (parsed?.protocol !== "https:" || parsed.search || parsed.hash || parsed.username || parsed.password)
    throw new UsageError(`--url ${url} must start with https:// and hold a host and a path only`);
  if (/\/(mutate|validate)\/*$/.test(parsed.pathname))
    throw new UsageError(`--url ${url} ends in what is added to it; leave /mutate and /validate away`);
  return { url: parsed.href };
};

/** Base64 of PEM. The API server takes whatever stands there, and fails at every call if it is no certificate. */
const caBundleOf = (file: string): string => {
  const pem = readText(file);
  try {
    new X509Certificate(pem);
  } catch {
    throw new UsageError(`--ca-bundle ${file} holds no PEM certificate`);
  }
  return Buffer.from(pem).toString("base64");
};

const labelOf = (text: string): Readonly<Record<string, string>> => {
  const [, key, value] = /^([A-Za-z0-9][\w./-]*)=([\w.-]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(`--namespace-label ${text} is not a label, such as guarded=yes`);
  return { [key]: value };
};

const twinsOf = (policy: string): readonly object[] => {
  try {
    return twins(policyOf(policy));
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
};

const print = async (): Promise<void> => {
  const { values } = readArguments(
    {
      url: { type: "string" },
      service: { type: "string" },
      "ca-bundle": { type: "string" },
      policy: { type: "string", default: "razee" },
      asker: { type: "string", default: defaultAsker },
      "failure-policy": { type: "string", default: "Fail" },
      timeout: { type: "string", default: "5" },
      "namespace-label": { type: "string" },
      twins: { type: "boolean", default: false },
      examples: { type: "boolean", default: false },
      output: { type: "string", short: "o", default: "yaml" },
    },
    help,
  );
  const { output, timeout, "failure-policy": failurePolicy, "ca-bundle": caFile } = values;
  if (output !== "yaml" && output !== "json") throw new UsageError(`-o ${output} is not yaml or json`);
  if (failurePolicy !== "Fail" && failurePolicy !== "Ignore")
    throw new UsageError(`--failure-policy ${failurePolicy} is not Fail or Ignore`);
  const timeoutSeconds = Number(timeout);
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 30)
    throw new UsageError(`--timeout ${timeout} is not a number of seconds from 1 to 30`);
  if (values.asker === "") throw new UsageError("--asker is empty; name the webhook's identity on the cluster");
  const label = values["namespace-label"];
  const options = (): WebhookOptions => ({
    policy: policyOf(values.policy),
    client: clientOf(values.url, values.service),
    failurePolicy,
    timeoutSeconds,
    ...(caFile === undefined ? {} : { caBundle: caBundleOf(caFile) }),
    ...(label === undefined ? {} : { namespaceLabels: labelOf(label) }),
  });
  if (values.twins && values.examples) throw new UsageError("--twins and --examples are printed one at a time");
  const objects = values.examples
    ? impersonatorRoles()
    : values.twins
      ? twinsOf(values.policy)
      : [...webhookConfigurations(options()), ...askerRoles(values.asker)];
  console.log(
    output === "yaml"
      ? yamlText(objects).trimEnd()
      : JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2),
  );
};

if (import.meta.main) await run(print);
