import { stringify } from "yaml";
import {
  askerRoles,
  type Client,
  serviceAccountImpersonatorRoles,
  userImpersonatorRoles,
  type WebhookOptions,
  webhookConfigurations,
} from "../lib/manifests/index.ts";
import { loadBundle } from "./bundle.ts";
import { policyOf, readText } from "./local-cluster.ts";
import { readArguments, run, UsageError } from "./usage.ts";

const help = `Prints what is applied to a cluster: both webhook configurations, and the role of the webhook's own identity there.

usage: npm run manifests -- (--url URL | --service NAMESPACE/NAME) [options]

  --url URL                 https://HOST/clusters/CLUSTER/KEY, as the function is reached; /mutate and /validate are added
  --service NAMESPACE/NAME  a Service of the cluster instead
  --ca-bundle FILE          PEM that signed the certificate (the API server's system roots)
  --policy NAME|FILE        what is guarded (razee)
  --asker USERNAME          the webhook's identity on the cluster, a user or system:serviceaccount:NAMESPACE:NAME
                            (system:serviceaccount:impersonation-admission:impersonation-admission)
  --failure-policy POLICY   Fail or Ignore (Fail)
  --timeout SECONDS         1 to 30 (5)
  --examples                print example roles instead: who may impersonate whom
  -o yaml|json              (yaml)`;

const defaultAsker = "system:serviceaccount:impersonation-admission:impersonation-admission";

const text = (objects: readonly object[]): string =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");

/** Both webhook configurations as YAML. */
export const webhooksText = (options: WebhookOptions): string => text(webhookConfigurations(options));

/** Roles to learn from: alice may name bob; alice may name one service account of team-a. */
const exampleRoles = () => [
  ...userImpersonatorRoles("alice", "bob"),
  ...serviceAccountImpersonatorRoles("alice", { namespace: "team-a", name: "deployer" }),
];

/** The files of `infra/kubernetes/`, by name: what this command prints for a made-up deployment. */
export const exampleFiles = (options: WebhookOptions): Readonly<Record<string, string>> => ({
  "webhooks.yaml": webhooksText(options),
  "asker.yaml": text(askerRoles(defaultAsker)),
  "impersonators.yaml": text(exampleRoles()),
});

const clientOf = (url: string | undefined, service: string | undefined): Client => {
  if ((url === undefined) === (service === undefined))
    throw new UsageError("give --url URL or --service NAMESPACE/NAME, and not both; --help says more");
  if (service !== undefined) {
    const [namespace, name, ...more] = service.split("/");
    if (!namespace || !name || more.length > 0) throw new UsageError(`--service ${service} is not NAMESPACE/NAME`);
    return { service: { namespace, name, port: 443 } };
  }
  const parsed = URL.parse(url ?? "");
  if (parsed?.protocol !== "https:" || parsed.search || parsed.hash || parsed.username)
    throw new UsageError(`--url ${url} must start with https:// and hold a host and a path only`);
  return { url: parsed.href };
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
  const pem = caFile === undefined ? undefined : readText(caFile);
  if (pem !== undefined && !pem.includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`--ca-bundle ${caFile} holds no PEM certificate`);
  const options = async (): Promise<WebhookOptions> => ({
    policy: policyOf(await loadBundle(), values.policy),
    client: clientOf(values.url, values.service),
    failurePolicy,
    timeoutSeconds,
    ...(pem === undefined ? {} : { caBundle: Buffer.from(pem).toString("base64") }),
  });
  const objects = values.examples
    ? exampleRoles()
    : [...webhookConfigurations(await options()), ...askerRoles(values.asker)];
  console.log(
    output === "yaml" ? text(objects) : JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2),
  );
};

if (import.meta.main) await run(print);
