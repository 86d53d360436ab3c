import type { ServerLog } from "../../functions/server/log-entries.ts";
import { openServer, type ServerOptions } from "../../functions/server/open-server.ts";
import type { ServedClusters } from "../../functions/server/served-clusters.ts";
import { boundedJson } from "../../functions/telemetry/log-line.ts";
import { isLoopback } from "../command-line/guard-url.ts";
import { UsageError } from "../command-line/usage.ts";
import { type Authority, certificatesFrom, newAuthority } from "./certificates.ts";

export interface ServeOnOptions
  extends Pick<ServerOptions, "issuers" | "healthPort" | "metrics" | "limits" | "mostMilliseconds" | "filePause"> {
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  /** The name or address in the URL and in the certificate. Absent: localhost. Where it is one of the loopback, nothing else can connect. */
  readonly host?: string | undefined;
  /** Listens on every address, whatever the host is. */
  readonly everywhere?: boolean;
  /** PEM, or its files. Absent: a certificate of `authority`. */
  readonly tls?: ServerOptions["tls"] | undefined;
  /** Absent: a throw-away CA. */
  readonly authority?: Authority | undefined;
  readonly log?: ServerLog;
}

/** The accounts of the proxy at one cluster. */
export interface ServedAccounts {
  readonly cluster: string;
  readonly asker: string;
  readonly actor: string;
}

/** A server of this machine. */
export interface ServedOn {
  /** `https://HOST:PORT` */
  readonly origin: string;
  /** The PEM of the CA, undefined where a certificate was given. */
  readonly ca: string | undefined;
  readonly healthPort: number | undefined;
  readonly accounts: readonly ServedAccounts[];
  /** What could not be found out, and the clusters that are not served. */
  readonly warnings: readonly string[];
  /** Takes no new request, waits so long for those that are under way, then ends them. */
  readonly close: (drain?: number) => Promise<void>;
}

/** One JSON line for each entry, on standard error. */
export const logToStderr: ServerLog = (entry) => console.error(boundedJson(entry));

/**
 * Serves clusters at a host, with a certificate of this machine where none is given. The accounts of every cluster behind the proxy are
 * checked first. A cluster whose accounts cannot be used is not served until they can.
 *
 * @throws UsageError where no cluster's accounts can be used, and for a port or a certificate that cannot be used
 */
export async function serveOn(clusters: ServedClusters, options: ServeOnOptions): Promise<ServedOn> {
  const { host = "localhost", port = 0, everywhere = false, log = logToStderr, authority, tls } = options;
  const { issuers, healthPort, metrics, limits, mostMilliseconds, filePause } = options;
  const hosts = [...new Set([host, "localhost", "127.0.0.1", "::1"])];
  try {
    const checked = await checkedAccounts(clusters);
    const made = tls ? undefined : await certificatesFrom(authority ?? (await newAuthority()), { hosts });
    const server = await openServer({
      ...{ clusters, issuers, port, log, healthPort, metrics, limits, mostMilliseconds, filePause },
      tls: tls ?? { cert: made?.cert ?? "", key: made?.key ?? "" },
      address: isLoopback(host) && !everywhere ? host.replace(/^localhost\.?$/i, "127.0.0.1") : undefined,
    });
    const origin = `https://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
    return { ...checked, origin, ca: made?.ca, healthPort: server.healthPort, close: server.close };
  } catch (error) {
    clusters.close();
    if (error instanceof UsageError) throw error;
    const { code = "", port: taken, message } = error as NodeJS.ErrnoException & { port?: number };
    throw new UsageError(
      taken === undefined
        ? `--tls-cert and --tls-key: ${message}`
        : `port ${taken} cannot be listened on (${code}); give another --port or --metrics-port`,
    );
  }
}

const checkedAccounts = async (clusters: ServedClusters): Promise<Pick<ServedOn, "accounts" | "warnings">> => {
  const accounts: ServedAccounts[] = [];
  const warnings: string[] = [];
  const problems: string[] = [];
  await Promise.all(
    clusters.all().map(async ({ name: cluster, accounts: check }) => {
      try {
        const { asker, actor, warnings: found } = await check();
        accounts.push({ cluster, asker, actor });
        warnings.push(...found);
      } catch (error) {
        problems.push(`${cluster}: ${error instanceof Error ? error.message : error}`);
      }
    }),
  );
  const [first] = problems;
  if (first !== undefined && accounts.length === 0) throw new UsageError(first);
  return { accounts, warnings: [...warnings, ...problems.map((problem) => `not served: ${problem}`)] };
};
