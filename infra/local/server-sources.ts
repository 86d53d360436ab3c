import { resolve } from "node:path";
import type { OwnAuthority } from "../../functions/certificates/own-authority.ts";
import { fleet } from "../../functions/server/fleet.ts";
import { inClusterKubeconfig } from "../../functions/server/in-cluster-kubeconfig.ts";
import type { ServerLog } from "../../functions/server/log-entries.ts";
import { oneCluster } from "../../functions/server/one-cluster.ts";
import type { ServedClusters } from "../../functions/server/served-clusters.ts";
import { readPodSettings, readSettings } from "../../functions/settings.ts";
import type { KeyHash } from "../../functions/webhook/caller-key.ts";
import type { ConcludeOptions } from "../../lib/proxy/index.ts";
import { naming } from "../command-line/files.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { UsageError } from "../command-line/usage.ts";

export interface KubeconfigSource {
  /** Absent: the kubeconfigs that kubectl would take. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current context. Its user asks. */
  readonly context?: string | undefined;
  /** The user of the kubeconfig that impersonates. */
  readonly actor: string;
  /** Serves the cluster at `/`. */
  readonly atRoot: boolean;
  readonly concluding: ConcludeOptions;
  readonly own: () => OwnAuthority;
  /** Called with the exec plugins of the kubeconfig before they run. */
  readonly announce: (what: string) => void;
  readonly log: ServerLog;
}

/** Names that are the same as raw text and percent-decoded, and no step in a path. */
const clusterName = /^(?!\.{1,2}$)[A-Za-z0-9._:@~-]+$/;

/** One context of a kubeconfig, behind the proxy. Its name in the path is the context's. */
export function kubeconfigSource(source: KubeconfigSource): ServedClusters & { readonly name: string } {
  const { actor, atRoot, concluding, own, announce, log } = source;
  const { kubeconfig, context: name, origin } = chooseContext(source.kubeconfig, source.context);
  if (!atRoot && !clusterName.test(name))
    throw new UsageError(
      `the context ${JSON.stringify(name)} cannot stand in a path as it is; rename it (kubectl config rename-context), or serve it with --at-root`,
    );
  const clusters = naming(origin, () =>
    oneCluster({
      ...{ name, kubeconfig, context: name, log },
      proxy: { ...concluding, own, actor: { user: actor, field: "--actor" }, atRoot },
    }),
  );
  for (const user of [kubeconfig.contexts.get(name)?.user ?? "", actor]) {
    const exec = kubeconfig.users.get(user)?.exec;
    if (exec) announce(`runs ${[exec.command, ...exec.args].join(" ")}`);
  }
  return { ...clusters, name };
}

/**
 * The clusters of a registry: a file, or a source of AWS in the form of REGISTRY. No exec plugin runs.
 *
 * @param fileAge milliseconds between two readings of a file
 */
export async function fleetSource(
  registry: string,
  own: () => OwnAuthority,
  log: ServerLog,
  fileAge = 10_000,
): Promise<ServedClusters> {
  const isFile = !/^(secretsmanager|ssm):/.test(registry);
  const settings = readSettings(process.env);
  try {
    return await fleet(
      isFile
        ? { ...settings, registry: `file:${resolve(registry.replace(/^file:/, ""))}`, registryMaxAge: fileAge }
        : { ...settings, registry },
      own,
      log,
    );
  } catch (error) {
    throw new UsageError(`--registry: ${error instanceof Error ? error.message : error}`);
  }
}

export interface PodSource {
  /** In paths. */
  readonly name: string;
  readonly actorTokenFile: string | undefined;
  /** The name of a built-in policy, or a file. Absent: the webhook is not served. */
  readonly policy: string | undefined;
  readonly keys: readonly KeyHash[];
  readonly concluding: ConcludeOptions;
  readonly own: () => OwnAuthority;
  readonly log: ServerLog;
}

/** The cluster of the pod that this runs in. */
export function podSource({ name, actorTokenFile, policy, keys, concluding, own, log }: PodSource): ServedClusters {
  if (actorTokenFile === undefined && policy === undefined)
    throw new UsageError(
      "--in-cluster needs --policy NAME for the webhook, --actor-token-file FILE for the proxy, or both",
    );
  return naming("--in-cluster", () =>
    oneCluster({
      ...{ name, context: "pod", log },
      kubeconfig: inClusterKubeconfig(readPodSettings(process.env), actorTokenFile),
      ...(actorTokenFile !== undefined && {
        proxy: { ...concluding, own, actor: { user: "actor", field: "--actor-token-file" }, atRoot: false },
      }),
      ...(policy !== undefined && { webhook: { policy: policyOf(policy), keys } }),
    }),
  );
}
