import type { Policy } from "../../lib/policy/index.ts";
import { type Ask, askOf } from "../cluster/ask.ts";
import { openConnection } from "../cluster/connection.ts";
import { defaultPolicy, policies } from "../policies/index.ts";
import { type ClusterReader, extensionName } from "../registry/read-registry.ts";
import { isKeyHash, type KeyHash } from "./caller-key.ts";

/** One cluster whose API server calls the webhook. */
export interface WebhookCluster {
  /** In the URL. */
  readonly name: string;
  /** The hashes of the keys that open it. */
  readonly keys: readonly KeyHash[];
  readonly policy: Policy;
  readonly ask: Ask;
}

/** The webhook's members of a context's extension: `keys`, two hashes at most, and `policy`, which may be absent. */
export const webhookClusters: ClusterReader<WebhookCluster> = {
  members: ["keys", "policy"],
  read: ({ name, extension, kubeconfig, context, connecting }) => ({
    name,
    keys: keysOf(extension["keys"]),
    policy: policyOf(extension["policy"]),
    ask: askOf(openConnection(kubeconfig, context, connecting)),
  }),
};

const keysOf = (keys: unknown): readonly KeyHash[] => {
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > 2 || !keys.every(isKeyHash))
    throw new Error(
      `${extensionName}.keys in its extensions must hold one or two hashes, each sha256: and 64 hexadecimal digits`,
    );
  return keys;
};

const policyOf = (name: unknown): Policy => {
  const policy = policies.get(name === undefined ? defaultPolicy : String(name));
  if (!policy)
    throw new Error(
      `${extensionName}.policy in its extensions is not a built-in policy; built in are ${[...policies.keys()].join(", ")}`,
    );
  return policy;
};
