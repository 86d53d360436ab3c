import { awsCaller } from "../aws/aws-caller.ts";
import { eksTokens } from "../aws/eks-token.ts";
import type { Settings } from "../settings.ts";
import { type Keeping, type KeptRegistry, keepRegistry } from "./keep-registry.ts";
import { mergeRegistry } from "./merge-registry.ts";
import type { ClusterReader, Registry } from "./read-registry.ts";
import { registrySource } from "./registry-source.ts";

/**
 * Opens the registry that the settings name, and starts to read it. Tokens for its EKS clusters are minted here, from the function's own
 * role. Where they name none there are no clusters, and nothing is read.
 *
 * @param variable the environment variable that names the registry, for messages
 */
export function openRegistry<Cluster extends { readonly name: string }>(
  { registry, registryMaxAge, registryDeadAge, inLambda, aws }: Settings,
  reader: ClusterReader<Cluster>,
  log: Keeping<Cluster>["log"],
  variable = "REGISTRY",
): Registry<Cluster> & Partial<KeptRegistry<Cluster>> {
  if (registry === undefined) {
    const problems = [`${variable} is not set; name the registry as file:PATH, secretsmanager:NAME or ssm:/PATH`];
    // Local commands run the same bundle and bring a cluster of their own.
    if (inLambda) log({ event: "registry", clusters: 0, problems });
    return { clusters: new Map(), problems };
  }
  const call = awsCaller(aws);
  const minting = { mint: eksTokens(aws, call), region: aws.region };
  return keepRegistry({
    // An invalid setting counts as a registry that cannot be read.
    load: async (deadline) => registrySource(registry, call, variable)(deadline),
    read: (documents) => mergeRegistry(documents, minting, reader),
    maxAge: registryMaxAge,
    deadAge: registryDeadAge,
    log,
  });
}
