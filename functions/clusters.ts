import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import { isObject } from "../lib/identity/json.ts";
import type { Policy } from "../lib/policy/index.ts";
import { type Ask, accessOf } from "./access.ts";
import { isKeyHash, type KeyHash } from "./keys.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { defaultPolicy, policies } from "./policies/index.ts";

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

/** The name of our entry among a context's `extensions`. */
const ours = "impersonation-admission";

/**
 * Reads a registry: a kubeconfig whose contexts are clusters. In a context's `extensions`, the entry `impersonation-admission` holds
 * `keys` (two hashes at most), and may hold `name` (in the URL) and `policy`. A context that cannot be used is left out, so that it
 * costs the others nothing.
 */
export const readRegistry = (text: string, directory: string): Registry => {
  const kubeconfig = readKubeconfig(text, directory);
  const clusters = new Map<string, Cluster>();
  const problems: string[] = [];
  for (const [context, extension] of extensionsOf(text)) {
    try {
      const name = nameOf(context, extension["name"]);
      if (clusters.has(name))
        throw new Error(`is called ${name} in the URL, as another one is; set name in its extension`);
      clusters.set(name, {
        name,
        keys: keysOf(extension["keys"]),
        policy: policyOf(extension["policy"]),
        ask: accessOf(kubeconfig, context),
      });
    } catch (error) {
      problems.push(`context ${JSON.stringify(context)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { clusters, problems };
};

/** Reads the registry from a file. One that cannot be read at all is a registry of nobody. */
export const registryFrom = (file: string | undefined): Registry => {
  if (file === undefined)
    return { clusters: new Map(), problems: ["REGISTRY_FILE is not set; name the registry's kubeconfig"] };
  try {
    return readRegistry(readFileSync(file, "utf8"), dirname(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { clusters: new Map(), problems: [`the registry ${file} cannot be read: ${why}`] };
  }
};

/** The contexts of a kubeconfig, each with our extension. client-node drops extensions. */
const extensionsOf = (text: string): readonly (readonly [string, Readonly<Record<string, unknown>>])[] => {
  const kubeconfig: unknown = loadYaml(text);
  const contexts = isObject(kubeconfig) && Array.isArray(kubeconfig["contexts"]) ? kubeconfig["contexts"] : [];
  return contexts.filter(isObject).map((entry) => {
    const context = isObject(entry["context"]) ? entry["context"] : {};
    const extensions = Array.isArray(context["extensions"]) ? context["extensions"].filter(isObject) : [];
    const extension = extensions.find(({ name }) => name === ours)?.["extension"];
    return [String(entry["name"]), isObject(extension) ? extension : {}];
  });
};

/** The cluster's name at the end of an EKS ARN: what `aws eks update-kubeconfig` calls its context. */
const arn = /^arn:[^:]+:eks:[^:]+:\d+:cluster\/(.+)$/;

const nameOf = (context: string, given: unknown): string => {
  const name = given ?? arn.exec(context)?.[1] ?? context;
  if (typeof name !== "string" || !/^[A-Za-z0-9._-]{1,63}$/.test(name))
    throw new Error(
      `the name ${JSON.stringify(name)} cannot stand in a URL; set name in its extension, of A-Z a-z 0-9 . _ -`,
    );
  return name;
};

const keysOf = (keys: unknown): readonly KeyHash[] => {
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > 2 || !keys.every(isKeyHash))
    throw new Error(`extensions[${ours}].keys must hold one or two hashes, each sha256: and 64 hexadecimal digits`);
  return keys;
};

const policyOf = (name: unknown): Policy => {
  const policy = policies.get(name === undefined ? defaultPolicy : String(name));
  if (!policy)
    throw new Error(
      `extensions[${ours}].policy ${JSON.stringify(name)} is not built in; there are ${[...policies.keys()].join(", ")}`,
    );
  return policy;
};
