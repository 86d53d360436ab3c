import type { Http2Usage } from "../net/http2-sessions.ts";
import type { OnLoad } from "../proxy/in-flight.ts";
import type { ServerEntry, ServerLog } from "./log-entries.ts";
import { samplesOf } from "./samples-of.ts";
import { fullName, type ServerMetric, type ServerMetricName, serverMetrics } from "./server-metrics.ts";

/** What no entry of the log says, as it is now. */
export interface MomentarySource {
  readonly upstreams: () => readonly (Http2Usage & { readonly cluster: string })[];
  /** In milliseconds; undefined where there is no registry. */
  readonly registryAge: () => number | undefined;
  /** Seconds since the epoch. */
  readonly certificateExpiry: () => number;
}

export interface Metrics {
  readonly count: (entry: ServerEntry) => void;
  readonly onLoad: OnLoad;
  readonly contentType: string;
  /** In the text format of Prometheus. */
  readonly text: (source: MomentarySource) => Promise<string>;
}

/** Of prom-client, gauges whose names end as those of counters do, and that only add others up. */
const misnamed = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Collects the metrics of a server and of its process. prom-client is loaded here, so that a server without a port for metrics does not. */
export async function openMetrics(): Promise<Metrics> {
  const { default: client } = await import("prom-client");
  const register = new client.Registry();
  client.collectDefaultMetrics({ register });
  for (const name of misnamed) register.removeSingleMetric(name);
  const kinds = { counter: client.Counter, gauge: client.Gauge, histogram: client.Histogram };
  const made = (Object.entries(serverMetrics) as [ServerMetricName, ServerMetric][]).map(([name, metric]) => {
    const { type, help, labels, buckets } = metric;
    const options = { name: fullName(name), help, labelNames: [...labels], registers: [register] };
    return [name, new kinds[type]({ ...options, ...(buckets && { buckets: [...buckets] }) })] as const;
  });
  const metrics = new Map(made);
  const set = (name: ServerMetricName, labels: Readonly<Record<string, string>>, value: number): void => {
    const metric = metrics.get(name);
    if (metric instanceof client.Counter) metric.inc(labels, value);
    else if (metric instanceof client.Histogram) metric.observe(labels, value);
    else metric?.set(labels, value);
  };
  const ofRegistry = [...metrics.keys()].filter((name) => name.startsWith("registry_"));
  /** The clusters whose accounts were checked, of which the registry may have lost some. */
  const checked = new Set<string>();
  const inFlight = metrics.get("proxy_requests_in_flight");
  const onLoad: OnLoad = (load, change) => {
    if (inFlight instanceof client.Gauge) inFlight.inc({ load }, change);
  };
  for (const load of ["read", "write", "long-running"] as const) set("proxy_requests_in_flight", { load }, 0);
  return {
    count: (entry) => {
      if (entry.event === "accounts") checked.add(entry.cluster);
      for (const { metric, labels, value } of samplesOf(entry)) set(metric, labels, value);
    },
    onLoad,
    contentType: register.contentType,
    text: async ({ upstreams, registryAge, certificateExpiry }) => {
      metrics.get("proxy_upstream_connections")?.reset();
      metrics.get("proxy_upstream_streams")?.reset();
      const served = upstreams();
      for (const cluster of checked)
        if (!served.some((each) => each.cluster === cluster)) {
          checked.delete(cluster);
          metrics.get("proxy_cluster_usable")?.remove({ cluster });
        }
      for (const { cluster, connections, streams } of served) {
        set("proxy_upstream_connections", { cluster }, connections);
        set("proxy_upstream_streams", { cluster }, streams);
      }
      const age = registryAge();
      // prom-client has a 0 for each metric without labels.
      if (age === undefined) for (const name of ofRegistry) register.removeSingleMetric(fullName(name));
      else set("registry_age_seconds", {}, age / 1_000);
      set("certificate_expiry_timestamp_seconds", {}, certificateExpiry());
      return register.metrics();
    },
  };
}

/** A log whose entries are counted. */
export function countingLog({ count }: Metrics, log: ServerLog): ServerLog {
  return (entry) => {
    count(entry);
    log(entry);
  };
}
