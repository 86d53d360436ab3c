import { awsCaller } from "./aws/aws-caller.ts";
import { within } from "./net/within.ts";
import { proxyClusters } from "./proxy/proxy-cluster.ts";
import { openRegistry } from "./registry/open-registry.ts";
import { registrySource } from "./registry/registry-source.ts";
import { readProxySettings, readSettings } from "./settings.ts";
import { keepIssuers } from "./streaming/keep-issuers.ts";
import { type ProxyLog, splitProxyEntry } from "./streaming/split-proxy-entry.ts";
import { createStreamHandler } from "./streaming/stream-handler.ts";
import { logLine } from "./telemetry/log-line.ts";
import { metrics } from "./telemetry/metrics.ts";
import { proxyMetrics } from "./telemetry/proxy-metrics.ts";

const settings = readSettings(process.env);
const { proxyRegistry, proxyAuthentication, reservedNames, watchSeconds } = readProxySettings(process.env);
const definitions = { ...metrics, ...proxyMetrics };

/** Written past `console`, which would put the time and a level in front of the JSON. */
const log: ProxyLog = (entry) => {
  process.stdout.write(`${logLine(splitProxyEntry(entry), settings.functionName, Date.now(), definitions)}\n`);
};

const registry = openRegistry(
  { ...settings, registry: proxyRegistry },
  proxyClusters(undefined, log),
  log,
  "PROXY_REGISTRY",
);

const issuersAt = (source: string) => {
  const call = awsCaller(settings.aws);
  const what = "the authentication configuration";
  return keepIssuers({
    // An invalid setting counts as a source that cannot be read.
    load: async (deadline) => registrySource(source, call, "PROXY_AUTHENTICATION", what)(deadline),
    maxAge: settings.registryMaxAge,
    deadAge: settings.registryDeadAge,
    reservedNames,
    log,
  });
};
const issuers = proxyAuthentication === undefined ? undefined : issuersAt(proxyAuthentication);

const empty = "the registry of the proxy has no cluster that can be used; its log says why";

/** The Lambda function of the proxy, for `awslambda.streamifyResponse`. */
export const proxyHandler = createStreamHandler({
  clusters: {
    named: async (name, deadline) => {
      const doubt = (await registry.current?.(deadline)) ?? (registry.clusters.size === 0 ? empty : undefined);
      return doubt === undefined ? registry.clusters.get(name) : { problem: doubt };
    },
  },
  issuers,
  refreshed: async (deadline) => {
    await Promise.all([registry.refreshed?.(deadline), issuers?.refreshed(deadline)]);
  },
  log,
  watchSeconds,
});

/** The time limit of the work before the first call, in milliseconds. */
const bound = 1_000;

/**
 * Reads the registry and the issuers, and checks the accounts of some clusters, while the function has a whole core. Ends in a second at most, and never
 * rejects.
 */
export async function proxyWarmed(): Promise<void> {
  const until = Date.now() + bound;
  await within(bound, Promise.all([registry.started, issuers?.started]));
  const chosen = [...registry.clusters.values()].slice(0, settings.warmClusters);
  await within(until - Date.now(), Promise.all(chosen.map(({ doubt }) => doubt(until))));
}
