import { isObject, type JsonObject } from "../../lib/identity/json.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { type Ask, accessOf } from "../access/access.ts";
import { kubeconfigOf, parseKubeconfig } from "../access/kubeconfig.ts";
import type { MintToken } from "../aws/eks-token.ts";
import { isKeyHash, type KeyHash } from "../keys.ts";
import { defaultPolicy, policies } from "../policies/index.ts";

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
const members = ["name", "keys", "policy"];

/**
 * Reads a registry: a kubeconfig whose contexts are clusters. In a context's `extensions`, the entry `impersonation-admission` holds
 * `keys` (two hashes at most), and may hold `name` (in the URL) and `policy`. A context that cannot be used is left out, so that it
 * costs the others nothing; where two have one name, nobody knows which one is meant, and both are. Throws for what is no kubeconfig.
 *
 * @param mint makes tokens for EKS clusters, see `accessOf`
 */
export const readRegistry = (text: string, directory: string, mint?: MintToken): Registry => {
  const document = parseKubeconfig(text);
  const kubeconfig = kubeconfigOf(document, directory);
  const contexts = contextsOf(document);
  const times = (name: unknown, key: "context" | "name") => contexts.filter((entry) => entry[key] === name).length;
  const clusters = new Map<string, Cluster>();
  const problems: string[] = [];
  for (const { context, name, extension } of contexts) {
    const at = `context ${JSON.stringify(context)}: `;
    try {
      if (!isUrlName(name))
        throw new Error(
          `the name ${JSON.stringify(name)} cannot stand in a URL; set ${ours}.name in its extensions, 1 to 63 of A-Z a-z 0-9 . _ -`,
        );
      if (times(context, "context") > 1) throw new Error("another context has this name; rename one of them");
      if (times(name, "name") > 1)
        throw new Error(`another context is ${name} in the URL too; set ${ours}.name in its extensions`);
      const unknown = Object.keys(extension).find((member) => !members.includes(member));
      if (unknown) throw new Error(`${ours}.${unknown} in its extensions is unknown; there are ${members.join(", ")}`);
      clusters.set(name, {
        name,
        keys: keysOf(extension["keys"]),
        policy: policyOf(extension["policy"]),
        ask: accessOf(kubeconfig, context, mint),
      });
    } catch (error) {
      const why = sentenceOf(error);
      problems.push(why.startsWith(at) ? why : `${at}${why}`);
    }
  }
  return { clusters, problems };
};

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Entry {
  readonly context: string;
  /** In the URL. Not checked yet. */
  readonly name: unknown;
  readonly extension: JsonObject;
}

/** The contexts of a kubeconfig, each with our extension. client-node drops extensions. */
const contextsOf = ({ contexts }: JsonObject): readonly Entry[] =>
  (Array.isArray(contexts) ? contexts.filter(isObject) : []).map((entry) => {
    const context = String(entry["name"]);
    const { extensions } = isObject(entry["context"]) ? entry["context"] : {};
    const all = Array.isArray(extensions) ? extensions.filter(isObject) : [];
    const { extension } = all.find(({ name }) => name === ours) ?? {};
    const own = isObject(extension) ? extension : {};
    return { context, name: own["name"] ?? arn.exec(context)?.[1] ?? context, extension: own };
  });

/** The cluster's name at the end of an EKS ARN: what `aws eks update-kubeconfig` calls its context. */
const arn = /^arn:[^:]+:eks:[^:]+:\d+:cluster\/(.+)$/;

const isUrlName = (name: unknown): name is string => typeof name === "string" && /^[A-Za-z0-9._-]{1,63}$/.test(name);

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
      `${ours}.policy in its extensions, ${JSON.stringify(name)}, is not built in; there are ${[...policies.keys()].join(", ")}`,
    );
  return policy;
};
