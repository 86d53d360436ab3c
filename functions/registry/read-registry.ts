import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Minting } from "../cluster/checked-context.ts";
import type { ConnectionOptions } from "../cluster/connection.ts";
import { type Kubeconfig, type KubeconfigContext, readKubeconfig } from "../cluster/kubeconfig.ts";
import { isClusterName } from "./cluster-name.ts";
import type { RegistryDocument } from "./registry-source.ts";
import { sentenceOf } from "./sentence-of.ts";

/** The clusters of a registry by their names in the URL, and what is wrong with those that were left out. */
export interface Registry<Cluster> {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly problems: readonly string[];
}

/** One context of a registry, for a door to read. */
export interface RegisteredContext {
  /** In the URL. */
  readonly name: string;
  /** Our entry among the context's `extensions`. */
  readonly extension: JsonObject;
  readonly kubeconfig: Kubeconfig;
  /** The context's name in the kubeconfig. */
  readonly context: string;
  /** How connections to the context's API server are opened. */
  readonly connecting: ConnectionOptions;
}

/** How one door makes its cluster of a context. */
export interface ClusterReader<Cluster> {
  /** The members of the extension that the door reads, besides `name` and `serverIsEks`, which every door has. */
  readonly members: readonly string[];
  /** Throws for a context that cannot be used, with the member named and no value quoted. */
  readonly read: (context: RegisteredContext) => Cluster;
}

/** The name of our entry among a context's `extensions`. */
export const extensionName = "impersonation-admission";

/**
 * Reads a registry: a kubeconfig whose contexts are clusters. In a context's `extensions`, the entry `impersonation-admission` may hold
 * `name` (in the URL), `serverIsEks`, and the members of the door. A context that cannot be used is left out and does not affect the
 * others; where two have one name in the URL, both are left out. Throws for what client-go cannot read, and for a document without
 * contexts. Messages quote no value but a context's name: a secret may stand where it does not belong.
 */
export function readRegistry<Cluster>(
  { text, directory }: Pick<RegistryDocument, "text" | "directory">,
  minting: Minting,
  reader: ClusterReader<Cluster>,
): Registry<Cluster> {
  const kubeconfig = readKubeconfig(text, directory);
  if (kubeconfig.contexts.size === 0)
    throw new Error("has no contexts; it must be a kubeconfig, and not an object that contains one");
  const members = ["name", ...reader.members, "serverIsEks"];
  const entries = [...kubeconfig.contexts].map(entryOf);
  const clusters = new Map<string, Cluster>();
  const problems: string[] = [];
  for (const { context, name, extension } of entries) {
    const at = `context ${JSON.stringify(context)}: `;
    try {
      if (!isClusterName(name))
        throw new Error(
          `its name cannot stand in a URL; set ${extensionName}.name in its extensions, 1 to 63 of A-Z a-z 0-9 . _ -, and not . or ..`,
        );
      if (entries.filter((entry) => entry.name === name).length > 1)
        throw new Error(
          `another context has the name ${name} in the URL too; set ${extensionName}.name in its extensions`,
        );
      if (Object.keys(extension).some((member) => !members.includes(member)))
        throw new Error(
          `${extensionName} in its extensions has an unknown member; the known ones are ${members.join(", ")}`,
        );
      const connecting = {
        label: `cluster ${JSON.stringify(name)}`,
        plugins: minting,
        serverIsEks: serverIsEks(extension["serverIsEks"]),
      };
      clusters.set(name, reader.read({ name, extension, kubeconfig, context, connecting }));
    } catch (error) {
      const why = sentenceOf(error);
      problems.push(why.startsWith(at) ? why : `${at}${why}`);
    }
  }
  return { clusters, problems };
}

interface Entry {
  readonly context: string;
  /** In the URL. Not checked yet. */
  readonly name: unknown;
  readonly extension: JsonObject;
}

const entryOf = ([context, { extensions }]: readonly [string, KubeconfigContext]): Entry => {
  const own = extensions.get(extensionName);
  const extension = isObject(own) ? own : {};
  return { context, name: extension["name"] ?? arn.exec(context)?.[1] ?? context, extension };
};

/** The cluster's name at the end of an EKS ARN, which is the context's name that `aws eks update-kubeconfig` writes. */
const arn = /^arn:[^:]+:eks:[^:]+:\d+:cluster\/(.+)$/;

const serverIsEks = (value: unknown): boolean => {
  if (value !== undefined && typeof value !== "boolean")
    throw new Error(`${extensionName}.serverIsEks in its extensions must be true or false`);
  return value ?? false;
};
