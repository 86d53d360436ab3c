import type { Minting } from "../cluster/checked-context.ts";
import { type ClusterReader, type Registry, readRegistry } from "./read-registry.ts";
import type { RegistryDocument } from "./registry-source.ts";
import { sentenceOf } from "./sentence-of.ts";

interface Read<Cluster> {
  readonly origin: string;
  readonly registry: Registry<Cluster>;
}

/** A document that cannot be read does not affect the others. */
const readOne = <Cluster>(
  document: RegistryDocument,
  minting: Minting,
  reader: ClusterReader<Cluster>,
): Read<Cluster> | Error => {
  const { origin } = document;
  try {
    return { origin, registry: readRegistry(document, minting, reader) };
  } catch (error) {
    return new Error(`${origin} ${sentenceOf(error)}`);
  }
};

/**
 * One registry of several kubeconfigs. Each is read on its own: a context refers to the cluster and the user of its own document, even if
 * another document has the same names. Two clusters of one name in the URL are both left out. Throws where no document can be read.
 */
export function mergeRegistry<Cluster>(
  documents: readonly RegistryDocument[],
  minting: Minting,
  reader: ClusterReader<Cluster>,
): Registry<Cluster> {
  const results = documents.map((document) => readOne(document, minting, reader));
  const read = results.flatMap((result) => (result instanceof Error ? [] : [result]));
  const unread = results.flatMap((result) => (result instanceof Error ? [result.message] : []));
  if (read.length === 0) throw new Error(unread.join("; "));
  const names = read.flatMap(({ registry }) => [...registry.clusters.keys()]);
  const isTwice = (name: string): boolean => names.indexOf(name) !== names.lastIndexOf(name);
  const problemsOf = ({ origin, registry }: Read<Cluster>): readonly string[] => [
    ...registry.problems.map((problem) => (documents.length > 1 ? `${origin}: ${problem}` : problem)),
    ...[...registry.clusters.keys()]
      .filter(isTwice)
      .map((name) => `${origin}: another document of the registry has a cluster with the name ${name} in the URL too`),
  ];
  return {
    clusters: new Map(read.flatMap(({ registry }) => [...registry.clusters].filter(([name]) => !isTwice(name)))),
    problems: [...unread, ...read.flatMap(problemsOf)],
  };
}
