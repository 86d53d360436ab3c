import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { portCertificates } from "../certificates/port-certificates.ts";
import type { TokenIssuers } from "../oidc/open-token-issuers.ts";
import { createProxy } from "../proxy/create-proxy.ts";
import type { InFlightLimits } from "../proxy/in-flight.ts";
import { followClientTrust } from "./follow-client-trust.ts";
import { followFiles } from "./follow-files.ts";
import { serveHealth } from "./health-server.ts";
import type { ServerLog } from "./log-entries.ts";
import type { Metrics } from "./open-metrics.ts";
import { type ServerTls, serveDoors } from "./serve-doors.ts";
import type { ServedClusters } from "./served-clusters.ts";
import { webhookDoor } from "./webhook-door.ts";

/** Files of PEM, which are read again when they change. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ServerOptions {
  readonly clusters: ServedClusters;
  readonly tls: ServerTls | TlsFiles;
  readonly port: number;
  /** The address to listen on; undefined for every address. */
  readonly address: string | undefined;
  /** Absent: no port for health and metrics. */
  readonly healthPort?: number | undefined;
  /** Whose tokens count besides those of the clusters. They are closed with the server. */
  readonly issuers?: TokenIssuers | undefined;
  /** Those that `log` counts; absent: none are served. */
  readonly metrics?: Metrics | undefined;
  readonly log: ServerLog;
  readonly limits?: InFlightLimits | undefined;
  /** Milliseconds that a request may take at most, if it is not long-running. */
  readonly mostMilliseconds?: number | undefined;
  /** Milliseconds between two looks at files. */
  readonly filePause?: number | undefined;
}

/** A running server. */
export interface Server {
  readonly port: number;
  readonly healthPort: number | undefined;
  /** Is not ready from now on, takes no new request, waits so many milliseconds for those that are under way, then ends them. */
  readonly close: (drain?: number) => Promise<void>;
}

const isFiles = (tls: ServerTls | TlsFiles): tls is TlsFiles => "certFile" in tls;

const readTls = ({ certFile, keyFile }: TlsFiles): ServerTls => ({
  cert: readFileSync(certFile, "utf8"),
  key: readFileSync(keyFile, "utf8"),
});

/** In seconds since the epoch. */
const expiryOf = ({ cert }: Pick<ServerTls, "cert">): number => new X509Certificate(cert).validToDate.getTime() / 1_000;

/**
 * Serves both doors. Rejects for a certificate that cannot be used, and where a port cannot be listened on (an error with a `port`).
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { clusters, tls, port, address, issuers, log, limits, mostMilliseconds, metrics } = options;
  const proxy = createProxy({
    clusters: clusters.proxied ?? { named: async () => undefined },
    issuers,
    log,
    ...(limits && { limits }),
    ...(mostMilliseconds && { mostMilliseconds }),
    onLoad: metrics?.onLoad,
  });
  const webhook = clusters.webhook && webhookDoor({ ...clusters.webhook, log });
  const material = isFiles(tls) ? readTls(tls) : tls;
  const clients = clusters.proxied && portCertificates(() => clusters.all().map(({ clientTrust }) => clientTrust()));
  const doors = await serveDoors({ proxy, webhook, clients }, material, { port, host: address });
  let certificateExpiry = expiryOf(material);
  const scrape = metrics && {
    contentType: metrics.contentType,
    text: () =>
      metrics.text({
        upstreams: () => clusters.all().map(({ name, upstream }) => ({ cluster: name, ...upstream.usage() })),
        registryAge: clusters.registryAge,
        certificateExpiry: () => certificateExpiry,
      }),
  };
  let isLeaving = false;
  const doubt = async () => (isLeaving ? "the server is being stopped" : clusters.doubt());
  const health =
    options.healthPort === undefined
      ? undefined
      : await serveHealth({ port: options.healthPort, host: address }, doubt, scrape).catch(async (error: unknown) => {
          await doors.close(0);
          throw error;
        });
  const unfollow = isFiles(tls)
    ? followFiles(
        [tls.certFile, tls.keyFile],
        [material.cert, material.key],
        ([cert = "", key = ""]) => {
          doors.setTls({ cert, key });
          certificateExpiry = expiryOf({ cert });
          log({ event: "reload", what: "certificate" });
        },
        (problem) => log({ event: "reload", what: "certificate", problem }),
        options.filePause,
      )
    : () => {};
  const unfollowTrust = followClientTrust(clusters.all, log, () => {
    clients?.renew();
    doors.setTls();
  });
  return {
    port: doors.port,
    healthPort: health?.port,
    close: async (drain = 0) => {
      isLeaving = true;
      unfollow();
      unfollowTrust();
      await doors.close(drain);
      health?.close();
      clusters.close();
      issuers?.close();
    },
  };
}
