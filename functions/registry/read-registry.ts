import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { type Ask, askOf } from "../cluster/ask.ts";
import type { Minting } from "../cluster/checked-context.ts";
import { openConnection } from "../cluster/connection.ts";
import { type KubeconfigContext, readKubeconfig } from "../cluster/kubeconfig.ts";
import { defaultPolicy, policies } from "../policies/index.ts";
import { isKeyHash, type KeyHash } from "../webhook/caller-key.ts";
import { isClusterName } from "./cluster-name.ts";

/** One cluster: who may call in its name, what is guarded there, and whom to ask. */
export interface Cluster {
  readonly name: string;
  readonly keys: readonly KeyHash[];
  readonly policy: Policy;
  readonly ask: Ask;
}

/** The clusters of a registry by their names in the URL, and what is wrong with those that were left out. */
export interface Registry {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly problems: readonly string[];
}

/** The name of our entry among a context's `extensions`, and what may stand there. */
const ours = "impersonation-admission";
const members = ["name", "keys", "policy", "serverIsEks"];

/**
 * Reads a registry: a kubeconfig whose contexts are clusters. In a context's `extensions`, the entry `impersonation-admission` holds
 * `keys` (two hashes at most), and may hold `name` (in the URL), `policy` and `serverIsEks`. A context that cannot be used is left out, so
 * that it costs the others nothing; where two have one name in the URL, both are. Throws for what client-go cannot read, and for what has
 * no contexts. Messages quote no value but a context's name: a secret may stand where it does not belong.
 */
export function readRegistry(text: string, directory: string, minting: Minting): Registry {
  const kubeconfig = readKubeconfig(text, directory);
  if (kubeconfig.contexts.size === 0)
    throw new Error("has no contexts: it must be a kubeconfig itself, and not something that holds one");
  const entries = [...kubeconfig.contexts].map(entryOf);
  const clusters = new Map<string, Cluster>();
  const problems: string[] = [];
  for (const { context, name, extension } of entries) {
    const at = `context ${JSON.stringify(context)}: `;
    try {
      if (!isClusterName(name))
        throw new Error(
          `its name cannot stand in a URL; set ${ours}.name in its extensions, 1 to 63 of A-Z a-z 0-9 . _ -, and not . or ..`,
        );
      if (entries.filter((entry) => entry.name === name).length > 1)
        throw new Error(`another context is ${name} in the URL too; set ${ours}.name in its extensions`);
      if (Object.keys(extension).some((member) => !members.includes(member)))
        throw new Error(`${ours} in its extensions has an unknown member; there are ${members.join(", ")}`);
      clusters.set(name, {
        name,
        keys: keysOf(extension["keys"]),
        policy: policyOf(extension["policy"]),
        ask: askOf(
          openConnection(kubeconfig, context, {
            label: `cluster ${JSON.stringify(name)}`,
            plugins: minting,
            serverIsEks: serverIsEks(extension["serverIsEks"]),
          }),
        ),
      });
    } catch (error) {
      const why = sentenceOf(error);
      problems.push(why.startsWith(at) ? why : `${at}${why}`);
    }
  }
  return { clusters, problems };
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Entry {
  readonly context: string;
  /** In the URL. Not checked yet. */
  readonly name: unknown;
  readonly extension: JsonObject;
}

const entryOf = ([context, { extensions }]: readonly [string, KubeconfigContext]): Entry => {
  const own = extensions.get(ours);
  const extension = isObject(own) ? own : {};
  return { context, name: extension["name"] ?? arn.exec(context)?.[1] ?? context, extension };
};

/** The cluster's name at the end of an EKS ARN: what `aws eks update-kubeconfig` calls its context. */
const arn = /^arn:[^:]+:eks:[^:]+:\d+:cluster\/(.+)$/;

const keysOf = (keys: unknown): readonly KeyHash[] => {
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > 2 || !keys.every(isKeyHash))
    throw new Error(
      `${ours}.keys in its extensions must hold one or two hashes, each sha256: and 64 hexadecimal digits`,
    );
  return keys;
};

const policyOf = (name: unknown): Policy => {
  const policy = policies.get(name === undefined ? defaultPolicy : String(name));
  if (!policy)
    throw new Error(
      `${ours}.policy in its extensions is not a built-in policy; there are ${[...policies.keys()].join(", ")}`,
    );
  return policy;
};

const serverIsEks = (value: unknown): boolean => {
  if (value !== undefined && typeof value !== "boolean")
    throw new Error(`${ours}.serverIsEks in its extensions must be true or false`);
  return value ?? false;
};
