import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { policies } from "../../functions/policies/index.ts";
import { askerRoles, webhookConfigurations } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { readArguments, run } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { defaultAsker, impersonatorRoles } from "./example-roles.ts";
import { helmChart } from "./helm-chart.ts";
import { kustomizations } from "./kustomizations.ts";

const url = "https://guard.example.com/clusters/prod/KEY";

const webhooks = `# Registers the webhook for the Razee resources. The mutating configuration sets the field. The validating one refuses an object whose
# field still has to be set: it is the guarantee. Apply this file last, when the function answers and asker.yaml is applied. From then on
# the API server refuses every write of these resources that the function does not allow.
#
# An example, made for ${url}. For your own deployment:
#
#   npm run -s manifests -- --url https://HOST/clusters/CLUSTER/KEY | kubectl apply -f -
#
# Every user who may read these configurations may read the key. The key gives no access to the cluster. It only lets its owner call the
# function.
`;

const asker = `# The one permission of the webhook's own identity on a cluster: to create SubjectAccessReviews, which ask whether a user may impersonate
# an identity. It cannot read objects, and it cannot impersonate. Its credentials belong in the registry of the function.
#
# An example, printed by \`npm run manifests\`. --asker USERNAME names another identity. The identity of this example is a service account:
#
#   kubectl create namespace impersonation-admission
#   kubectl create serviceaccount --namespace impersonation-admission impersonation-admission
#   kubectl apply -f infra/kubernetes/asker.yaml
`;

const impersonators = `# How users get the permission that the webhook asks about: the verb impersonate, in the core group. alice may name bob and the service
# account deployer of team-a in an object. resourceNames limit the permission to these two.
#
# Users are cluster-scoped, so only a ClusterRoleBinding grants them; service accounts are granted in their own namespace. The API server
# honours each of these grants, too: alice may also run kubectl --as bob.
#
# Examples, printed by \`npm run -s manifests -- --examples\`. Replace the names with your own before you run kubectl apply -f.
`;

/**
 * The files of `infra/kubernetes/` by name: the manifests of an example deployment, each with an explanation, the Helm chart and the
 * Kustomize bases.
 */
export function exampleFiles(): Readonly<Record<string, string>> {
  return {
    "webhooks.yaml":
      webhooks + yamlText(webhookConfigurations({ policy: policies.get("razee") as Policy, client: { url } })),
    "asker.yaml": asker + yamlText(askerRoles(defaultAsker)),
    "impersonators.yaml": impersonators + yamlText(impersonatorRoles()),
    ...below("helm", helmChart()),
    ...below("kustomize", kustomizations()),
  };
}

const below = (folder: string, files: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));

const folder = new URL("./", import.meta.url);

const help = `Writes the example manifests, the Helm chart and the Kustomize bases of infra/kubernetes, and prints their paths.

usage: npm run manifests:examples`;

const write = async (): Promise<void> => {
  readArguments({}, help);
  for (const [name, text] of Object.entries(exampleFiles())) {
    await mkdir(new URL(".", new URL(name, folder)), { recursive: true });
    await writeFile(new URL(name, folder), text);
    console.log(fileURLToPath(new URL(name, folder)));
  }
};

if (import.meta.main) await run(write);
