import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { policies } from "../../functions/policies/index.ts";
import { askerRoles, webhookConfigurations } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { readArguments, run } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { defaultAsker, impersonatorRoles } from "./example-roles.ts";

const url = "https://guard.example.com/clusters/prod/KEY";

const webhooks = `# Registers the webhook for the Razee resources: one configuration that sets the field, and one that refuses what the first would have set.
# The second is the guarantee. Apply it last, when the function answers and asker.yaml is applied: from then on nothing of these
# resources is written without the function's word.
#
# An example, made for ${url}. For your own deployment:
#
#   npm run -s manifests -- --url https://HOST/clusters/CLUSTER/KEY | kubectl apply -f -
#
# Whoever may read these configurations may read the key. It admits nobody to the cluster: it only lets its owner ask the function.
`;

const asker = `# The one permission of the webhook's own identity on a cluster: to ask who may impersonate whom. It may do nothing else, read nothing
# and impersonate nobody. Its credentials belong in the registry of the function.
#
# An example, made by \`npm run manifests\`; --asker USERNAME names another identity. This one is a service account:
#
#   kubectl create namespace impersonation-admission
#   kubectl create serviceaccount --namespace impersonation-admission impersonation-admission
#   kubectl apply -f infra/kubernetes/asker.yaml
`;

const impersonators = `# How people get the permission that the webhook asks about: verb impersonate, in the core group. alice may name bob in an object, and
# the service account deployer of team-a; resourceNames keep it to these.
#
# Users are cluster-scoped, so only a ClusterRoleBinding grants them; service accounts are granted in their own namespace. Each of these
# grants is the API server's own, too: alice may also run kubectl --as bob.
#
# Examples to copy from, made by \`npm run -s manifests -- --examples\`; apply one with kubectl apply -f once its names are yours.
`;

/** The files of \`infra/kubernetes/\`, by name: what the command prints for a made-up deployment, each with a word on what it is. */
export function exampleFiles(): Readonly<Record<string, string>> {
  return {
    "webhooks.yaml":
      webhooks + yamlText(webhookConfigurations({ policy: policies.get("razee") as Policy, client: { url } })),
    "asker.yaml": asker + yamlText(askerRoles(defaultAsker)),
    "impersonators.yaml": impersonators + yamlText(impersonatorRoles()),
  };
}

const folder = new URL("./", import.meta.url);

const help = `Writes the example manifests of infra/kubernetes anew, and prints their paths.

usage: npm run manifests:examples`;

const write = async (): Promise<void> => {
  readArguments({}, help);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(exampleFiles())) {
    await writeFile(new URL(name, folder), text);
    console.log(fileURLToPath(new URL(name, folder)));
  }
};

if (import.meta.main) await run(write);
