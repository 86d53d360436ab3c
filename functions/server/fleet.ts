import type { OwnAuthority } from "../certificates/own-authority.ts";
import { type ProxyCluster, proxyClusters } from "../proxy/proxy-cluster.ts";
import type { KeptRegistry } from "../registry/keep-registry.ts";
import { openRegistry } from "../registry/open-registry.ts";
import type { ClusterReader } from "../registry/read-registry.ts";
import type { Settings } from "../settings.ts";
import { type WebhookCluster, webhookClusters } from "../webhook/webhook-cluster.ts";
import type { ServerLog } from "./log-entries.ts";
import type { ServedClusters } from "./served-clusters.ts";

/** A cluster of a registry, as each door knows it. */
interface FleetCluster {
  readonly name: string;
  readonly webhook: WebhookCluster | undefined;
  readonly proxy: ProxyCluster | undefined;
}

const fleetClusters = (own: () => OwnAuthority, log: ServerLog): ClusterReader<FleetCluster> => {
  const doors = { webhook: webhookClusters, proxy: proxyClusters(own, log) };
  return {
    members: [...doors.webhook.members, ...doors.proxy.members],
    read: (context) => {
      const { name, extension } = context;
      const hasKeys = "keys" in extension;
      const hasActor = "proxy" in extension;
      if (!hasKeys && !hasActor)
        throw new Error(
          "its extension impersonation-admission has neither keys nor proxy; keys let its API server call the webhook, proxy.actor names the user that impersonates",
        );
      return {
        name,
        webhook: hasKeys ? doors.webhook.read(context) : undefined,
        proxy: hasActor ? doors.proxy.read(context) : undefined,
      };
    },
  };
};

/** A registry as one door sees it: its clusters are those that the door serves. */
const viewOf = <Cluster extends { readonly name: string }>(
  registry: KeptRegistry<FleetCluster>,
  own: (cluster: FleetCluster) => Cluster | undefined,
): KeptRegistry<Cluster> => {
  let seen: KeptRegistry<FleetCluster>["clusters"] | undefined;
  let clusters: ReadonlyMap<string, Cluster> = new Map();
  return {
    age: registry.age,
    started: registry.started,
    get clusters() {
      if (seen !== registry.clusters) {
        seen = registry.clusters;
        clusters = new Map(
          [...seen].flatMap(([name, cluster]) => {
            const mine = own(cluster);
            return mine ? [[name, mine]] : [];
          }),
        );
      }
      return clusters;
    },
    get problems() {
      return registry.problems;
    },
    current: registry.current,
    refreshed: registry.refreshed,
    renewed: async (cluster, deadline) => {
      const known = [...registry.clusters.values()].find((each) => own(each) === cluster);
      const other = known && (await registry.renewed(known, deadline));
      return other && own(other);
    },
  };
};

/** How long one reading of the registry is waited for. */
const patience = 5_000;

/**
 * Serves the clusters of a registry: a context with `keys` calls the webhook, one with `proxy` is behind the proxy. The registry is read
 * again at the age that the settings say; where nothing has changed in it, clusters keep their connections. Rejects where it cannot be
 * read.
 */
export async function fleet(settings: Settings, own: () => OwnAuthority, log: ServerLog): Promise<ServedClusters> {
  const registry = openRegistry(settings, fleetClusters(own, log), log) as KeptRegistry<FleetCluster>;
  await registry.started;
  const { clusters, problems } = registry;
  if (clusters.size === 0) throw new Error(problems[0] ?? "the registry cannot be read; its log says why");
  const timer = setInterval(() => void registry.refreshed(Date.now() + patience), settings.registryMaxAge);
  timer.unref();
  const proxied = viewOf(registry, ({ proxy }) => proxy);
  const guarded = viewOf(registry, ({ webhook }) => webhook);
  return {
    proxied: {
      named: async (name, deadline) => {
        const doubt = await proxied.current(deadline);
        return doubt === undefined ? proxied.clusters.get(name) : { problem: doubt };
      },
    },
    webhook: { registry: guarded },
    all: () => [...proxied.clusters.values()],
    paths: () => [
      ...[...proxied.clusters.keys()].map((name) => `/k8s/clusters/${name}`),
      ...[...guarded.clusters.keys()].map((name) => `/clusters/${name}/KEY`),
    ],
    registryAge: registry.age,
    doubt: () => registry.current(Date.now() + patience),
    close: () => {
      clearInterval(timer);
      for (const cluster of proxied.clusters.values()) cluster.close();
    },
  };
}
