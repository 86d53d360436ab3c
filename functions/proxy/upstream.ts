import { createHash } from "node:crypto";
import type { ClientRequest } from "node:http";
import type { ClientHttp2Stream } from "node:http2";
import { type RequestOptions, request } from "node:https";
import type { HeaderLine } from "../../lib/proxy/index.ts";
import type { CheckedContext } from "../cluster/checked-context.ts";
import { type Credentials, credentialsFrom } from "../cluster/credentials.ts";
import { type Http2Sessions, type Http2Usage, http2Sessions, type SessionOptions } from "../net/http2-sessions.ts";
import { NoActorCredential } from "./upstream-failure.ts";

/** Whose credential a request goes on with. */
export type UpstreamCredential =
  | { readonly kind: "actor" }
  | { readonly kind: "caller"; readonly token: string }
  | { readonly kind: "none" };

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly target: string;
  /** Without the credential. */
  readonly lines: readonly HeaderLine[];
  readonly credential: UpstreamCredential;
}

/** The way to one API server for the requests of callers. */
export interface Upstream {
  readonly open: (request: UpstreamRequest, options: SessionOptions) => Promise<ClientHttp2Stream>;
  /** A request over a connection of its own with HTTP/1.1, which is not sent before `end`. */
  readonly openUpgrade: (request: UpstreamRequest) => Promise<ClientRequest>;
  /** The token of the acting account; undefined where it has none. */
  readonly actorToken: () => Promise<string | undefined>;
  /** Called where the API server refused the acting account (401): gets another credential for it. Whether there is another one. */
  readonly renewActor: () => Promise<boolean>;
  /** The connections that requests share, without those that were upgraded. */
  readonly usage: () => Http2Usage;
  /** Ends all connections; the next request opens another one. For a process that may have been frozen with them. */
  readonly reconnect: () => void;
  readonly close: () => void;
}

/** How long an unused connection is kept that only the requests of one token may use. */
const callerIdleAfter = 15_000;
const actorIdleAfter = 90_000;

/**
 * Opens the way to an API server. No connection carries a client certificate. Connections are kept apart by what their requests carry: the
 * acting account's token, one caller's token, or nothing.
 *
 * @param actor the cluster with the acting account as its user
 */
export function openUpstream(actor: CheckedContext): Upstream {
  const url = new URL(actor.server);
  const basePath = url.pathname === "/" ? "" : url.pathname;
  const issued = credentialsFrom(actor);
  const credentialsOf = async (refused?: Credentials): Promise<Credentials> => {
    try {
      return await issued(refused);
    } catch (cause) {
      throw new NoActorCredential("no credential", { cause });
    }
  };
  const pools = new Map<string, Http2Sessions>();

  const trust = async (): Promise<Pick<RequestOptions, "ca" | "servername" | "rejectUnauthorized">> => {
    const { ca, servername } = await credentialsOf();
    return { rejectUnauthorized: !actor.insecure, ...(ca && { ca }), ...(servername && { servername }) };
  };

  const poolOf = (credential: UpstreamCredential): Http2Sessions => {
    const isCaller = credential.kind === "caller";
    const key = isCaller ? createHash("sha256").update(credential.token).digest("base64") : credential.kind;
    const known = pools.get(key);
    if (known) return known;
    const pool = http2Sessions({
      origin: url.origin,
      tls: trust,
      idleAfter: isCaller ? callerIdleAfter : actorIdleAfter,
      onEmpty: () => {
        if (pools.get(key) === pool) pools.delete(key);
      },
    });
    pools.set(key, pool);
    return pool;
  };

  const close = (): void => {
    for (const pool of pools.values()) pool.close();
  };

  const authorizationOf = async (credential: UpstreamCredential): Promise<readonly HeaderLine[]> => {
    if (credential.kind === "none") return [];
    const value = credential.kind === "caller" ? `Bearer ${credential.token}` : bearerOf(await credentialsOf());
    if (value === undefined) throw new NoActorCredential("no token");
    return [["authorization", value]];
  };

  return {
    open: async ({ method, target, lines, credential }, options) => {
      const headers = [":method", method, ":scheme", "https", ":authority", url.host, ":path", basePath + target];
      for (const [name, value] of lines) headers.push(name.toLowerCase(), value);
      for (const line of await authorizationOf(credential)) headers.push(...line);
      return poolOf(credential).open(headers, options);
    },
    openUpgrade: async ({ method, target, lines, credential }) => {
      const headers = [["Host", url.host], ...lines, ...(await authorizationOf(credential))].flat();
      const tls = { ...(await trust()), ALPNProtocols: ["http/1.1"] };
      return request({
        ...tls,
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port || 443,
        method,
        path: basePath + target,
        headers,
        agent: false,
      });
    },
    actorToken: async () => bearerOf(await credentialsOf())?.replace(/^Bearer /, ""),
    renewActor: async () => {
      const refused = await credentialsOf();
      return bearerOf(await credentialsOf(refused)) !== bearerOf(refused);
    },
    usage: () => {
      const all = [...pools.values()].map((pool) => pool.usage());
      const sumOf = (member: keyof Http2Usage): number => all.reduce((sum, usage) => sum + usage[member], 0);
      return { connections: sumOf("connections"), streams: sumOf("streams") };
    },
    reconnect: () => {
      close();
      pools.clear();
    },
    close,
  };
}

const bearerOf = ({ headers }: Credentials): string | undefined => {
  const value = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  return value === undefined ? undefined : String(value);
};
