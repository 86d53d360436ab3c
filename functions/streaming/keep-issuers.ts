import { within } from "../net/within.ts";
import {
  type OpenedIssuers,
  openTokenIssuers,
  type TokenIssuers,
  type TokenIssuersOptions,
} from "../oidc/open-token-issuers.ts";
import { type Keeping, type KeptRegistry, keepRegistry } from "../registry/keep-registry.ts";
import type { RegistryDocument } from "../registry/registry-source.ts";
import { sentenceOf } from "../registry/sentence-of.ts";
import type { IssuersEntry } from "./split-proxy-entry.ts";

/** Issuers whose AuthenticationConfiguration is read again when it is old. */
export interface KeptIssuers
  extends Pick<TokenIssuers, "identify">,
    Pick<KeptRegistry<unknown>, "started" | "refreshed"> {}

export interface IssuersKeeping extends Pick<Keeping<never>, "load" | "maxAge" | "deadAge"> {
  readonly reservedNames: ReadonlySet<string>;
  readonly log: (entry: IssuersEntry) => void;
}

/** The one entry that is kept, in place of clusters. */
const name = "issuers";

const unknown =
  "the proxy cannot tell whose token this is, because its issuers of OIDC tokens cannot be read; its log says why";

/**
 * Keeps the issuers of tokens as a registry is kept: loaded at once, and again when they are old. A text with a fault leaves them as they
 * are until their dead age. While there are none that can be relied on, no token is identified, and none goes to a cluster: it may be one
 * of theirs.
 */
export function keepIssuers({ load, maxAge, deadAge, reservedNames, log }: IssuersKeeping): KeptIssuers {
  // Clusters say what becomes of uids, so that no token may bring one.
  const options: TokenIssuersOptions = { uid: "passthrough", reservedNames };
  const kept = keepRegistry({
    load,
    read: (documents) => ({
      clusters: new Map([[name, { name, issuers: issuersIn(documents, options) }]]),
      problems: [],
    }),
    maxAge,
    deadAge,
    log: (entry) => {
      const problem = entry.event === "registry" ? entry.problems[0] : entry.message;
      log({ event: "issuers", ...(problem !== undefined && { problem }) });
    },
  });
  return {
    started: kept.started,
    refreshed: async (deadline) => {
      const settled = kept.clusters.get(name)?.issuers.settled();
      await Promise.all([kept.refreshed(deadline), within(deadline - Date.now(), settled)]);
    },
    identify: async (token, deadline) => {
      const doubt = await kept.current(deadline);
      const issuers = kept.clusters.get(name)?.issuers;
      if (doubt !== undefined || issuers === undefined) return { code: 503, failure: unknown };
      return issuers.identify(token, deadline);
    },
  };
}

const issuersIn = (documents: readonly RegistryDocument[], options: TokenIssuersOptions): OpenedIssuers => {
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0)
    throw new Error(
      `PROXY_AUTHENTICATION names a place with ${documents.length} documents; it must hold one AuthenticationConfiguration`,
    );
  try {
    return openTokenIssuers(document.text, options);
  } catch (error) {
    throw new Error(`${document.origin}: ${sentenceOf(error)}`);
  }
};
