import { once } from "node:events";
import { createSecureServer, type Http2Session, type SecureServerOptions } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { askOf } from "../../functions/cluster/ask.ts";
import { checkedContext } from "../../functions/cluster/checked-context.ts";
import { type Connection, openConnection } from "../../functions/cluster/connection.ts";
import { identifyOf } from "../../functions/cluster/identify.ts";
import type { Kubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { withUser } from "../../functions/cluster/with-user.ts";
import { within } from "../../functions/net/within.ts";
import { createProxy } from "../../functions/proxy/create-proxy.ts";
import type { InFlightLimits } from "../../functions/proxy/in-flight.ts";
import type { RequestLog } from "../../functions/proxy/log-entries.ts";
import { rememberAnswers, rememberIdentities } from "../../functions/proxy/remember.ts";
import { openUpstream, type Upstream } from "../../functions/proxy/upstream.ts";
import { boundedJson } from "../../functions/telemetry/log-line.ts";
import type { ConcludeOptions } from "../../lib/proxy/index.ts";
import { naming } from "../command-line/files.ts";
import { isLoopback } from "../command-line/guard-url.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { UsageError } from "../command-line/usage.ts";
import { type Authority, certificatesFrom, newAuthority } from "./certificates.ts";
import { checkProxyAccounts, type ProxyAccounts } from "./proxy-accounts.ts";

export interface ServeProxyOptions extends ConcludeOptions {
  /** Absent: the kubeconfigs that kubectl would take. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current context. Its user asks. */
  readonly context?: string | undefined;
  /** The user of the kubeconfig that impersonates. */
  readonly actor: string;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  /** The name or address in the URL and in the certificate. Absent: localhost. Where it is one of the loopback, nothing else can connect. */
  readonly host?: string | undefined;
  /** Serves the cluster at `/`. */
  readonly atRoot?: boolean;
  /** PEM. Absent: a certificate of `authority`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Absent: a throw-away CA. */
  readonly authority?: Authority | undefined;
  readonly log?: RequestLog;
  readonly limits?: InFlightLimits;
  readonly mostMilliseconds?: number;
  /** Called with the exec plugins of the kubeconfig before they run. */
  readonly announce?: (what: string) => void;
}

/** A proxy that is being served. */
export interface LocalProxy extends ProxyAccounts {
  /** What stands as `server` in a kubeconfig. */
  readonly url: string;
  /** The PEM of the CA, undefined where a certificate was given. */
  readonly ca: string | undefined;
  /** Takes no new request, waits so long for those that are under way, then ends them. */
  readonly close: (drain?: number) => Promise<void>;
}

const megabyte = 1024 * 1024;

const serverOptions: SecureServerOptions = {
  allowHTTP1: true,
  settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: megabyte, initialWindowSize: megabyte },
  maxHeaderListPairs: 4_096,
  maxSessionMemory: 256,
};
/** A header that the API server sent twice goes on twice. */
const lenient = { strictSingleValueFields: false };

/** Names that are the same as raw text and percent-decoded, and no step in a path. */
const clusterName = /^(?!\.{1,2}$)[A-Za-z0-9._:@~-]+$/;

/** Serves the impersonating proxy for one cluster over HTTPS, HTTP/2 and HTTP/1.1 on one port. */
export async function serveProxy(options: ServeProxyOptions): Promise<LocalProxy> {
  const { host = "localhost", atRoot = false } = options;
  const { kubeconfig, context, origin } = chooseContext(options.kubeconfig, options.context);
  if (!atRoot && !clusterName.test(context))
    throw new UsageError(
      `the context ${JSON.stringify(context)} cannot stand in a path as it is; rename it (kubectl config rename-context), or serve it with --at-root`,
    );
  const connection = naming(origin, () => openConnection(kubeconfig, context, { mostAtOnce: 64, mostWaiting: 4_096 }));
  const actor = naming(origin, () => actorOf(kubeconfig, context, options.actor));
  const upstream = openUpstream(actor);
  const identify = identifyOf(connection);
  for (const { exec } of [connection.context, actor])
    if (exec) options.announce?.(`runs ${[exec.command, ...exec.args].join(" ")}`);
  const acting = openConnection(withUser(kubeconfig, context, options.actor), context);
  const accounts = await accountsOf(connection, acting, upstream)
    .catch((error: unknown) => {
      connection.close();
      throw error;
    })
    .finally(acting.close);

  const hosts = [...new Set([host, "localhost", "127.0.0.1", "::1"])];
  const made = options.tls ? undefined : await certificatesFrom(options.authority ?? (await newAuthority()), { hosts });
  const server = naming("--tls-cert and --tls-key", () =>
    createSecureServer({ ...serverOptions, ...lenient, ...(options.tls ?? made) }),
  );
  // Node reads it from the server for each HTTP/1.1 connection, and takes no such option here.
  Object.assign(server, {
    maxHeaderSize: megabyte,
    headersTimeout: 32_000,
    requestTimeout: 0,
    keepAliveTimeout: 90_000,
  });
  const { uid, anonymousException, log = logToStderr, limits, mostMilliseconds } = options;
  const proxy = createProxy({
    uid,
    ...(anonymousException && { anonymousException }),
    cluster: {
      name: context,
      identify: rememberIdentities(identify),
      ask: rememberAnswers(askOf(connection)),
      upstream,
    },
    place: { name: atRoot ? undefined : context },
    log,
    ...(limits && { limits }),
    ...(mostMilliseconds && { mostMilliseconds }),
  });
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // HTTP/1.1 answers would wait 40 ms each.
  server.on("secureConnection", (socket: TLSSocket) => socket.setNoDelay(true));
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  server.on("request", proxy.onRequest);
  server.on("upgrade", proxy.onUpgrade);
  server.on("connect", proxy.onConnect);
  server.on("clientError", proxy.onClientError);
  server.listen(options.port ?? 0, isLoopback(host) ? host.replace(/^localhost\.?$/i, "127.0.0.1") : undefined);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`port ${options.port} cannot be listened on (${error.code}); give another --port`);
  });
  const { port } = server.address() as AddressInfo;
  const base = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    url: atRoot ? base : `${base}/k8s/clusters/${context}`,
    ca: made?.ca,
    ...accounts,
    close: async (drain = 0) => {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.close();
      await within(drain, closed);
      for (const socket of sockets) socket.destroy();
      await closed;
      upstream.close();
      connection.close();
    },
  };
}

const logToStderr: RequestLog = (entry) => console.error(boundedJson(entry));

/** The cluster of a context with the acting account as its user. Throws where that is not an account of its own with a token. */
const actorOf = (kubeconfig: Kubeconfig, name: string, actor: string) => {
  const context = kubeconfig.contexts.get(name);
  const user = kubeconfig.users.get(actor);
  if (user === undefined) throw new Error(`--actor ${actor} is not a user of the kubeconfig`);
  if (context?.user === actor)
    throw new Error(
      `--actor ${actor} is the user of the context ${JSON.stringify(name)} too; the account that asks and the one that impersonates must differ`,
    );
  if (user.certificate.file !== "" || user.certificate.data.length > 0)
    throw new Error(
      `--actor ${actor} has a client certificate, which would count before the token of a request that is passed on; give it a token alone`,
    );
  if (user.as !== "")
    throw new Error(`--actor ${actor} impersonates another user (as); name that user's own credential`);
  return checkedContext(withUser(kubeconfig, name, actor), name);
};

const accountsOf = async (asking: Connection, acting: Connection, upstream: Upstream): Promise<ProxyAccounts> => {
  const token = await upstream.actorToken().catch(() => undefined);
  if (token === undefined)
    throw new UsageError("the acting account has no token; give it a token, a tokenFile or an exec plugin");
  return checkProxyAccounts(asking, acting, identifyOf(asking), token);
};
