import { Agent } from "node:https";
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { exchange, tooLarge } from "../net/exchange.ts";
import type { JwtAuthenticator } from "./read-authentication-configuration.ts";

/** An issuer's keys cannot be had. The message is a sentence that holds no secret. */
export class IssuerFailure extends Error {
  override name = "IssuerFailure";
}

/** The public keys of an issuer. */
export interface IssuerKeys {
  /** The key that a token names. Rejects with an `IssuerFailure` where the keys cannot be had, and with jose's errors. */
  readonly find: JWTVerifyGetKey;
  /** Fetches the keys again, where that was not done a short time ago. Whether it was done. */
  readonly renew: () => Promise<boolean>;
  /** Resolves when no fetch is under way. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
}

/** Milliseconds for the discovery document and the keys together: less than a request waits for its caller's identity. */
const fetchTime = 8_000;
const mostBytes = 1024 * 1024;
/** Keys are not fetched again within these milliseconds, whatever tokens name. */
const coolDown = 10_000;
/** The same after a fetch that failed. */
const restAfterFailure = 5_000;
/** Keys of this age are fetched again, beside the requests. An issuer that is down does not make them worse. */
const refreshAfter = 600_000;
/** Keys that were not even asked for again until this age, because no request came, are fetched before they are used. */
const longestPause = 2 * refreshAfter;

/**
 * Keeps the keys of an issuer: found by its discovery document, fetched at the first use, then when a token names an unknown one, and from
 * time to time.
 */
export function issuerKeys({ url, discoveryUrl, certificateAuthority }: JwtAuthenticator): IssuerKeys {
  const agent = new Agent({ keepAlive: false, ...(certificateAuthority && { ca: certificateAuthority }) });
  let rest: { readonly failure: unknown; readonly until: number } | undefined;
  // By the clock of the calendar: the other one may stand still while a function is frozen.
  let [fetched, asked] = [0, 0];

  const read = async (what: string, from: string, signal: AbortSignal): Promise<JsonObject> => {
    const at = `the ${what} of the issuer ${url}`;
    try {
      const options = { method: "GET", headers: { accept: "application/json" }, signal };
      const { status, text } = await exchange(agent, { url: from, options, body: "", mostBytes });
      if (status !== 200) throw new IssuerFailure(`${at} came back with the status ${status}`);
      const document: unknown = JSON.parse(text);
      if (isObject(document)) return document;
      throw new IssuerFailure(`${at} is not a JSON object`);
    } catch (error) {
      throw error instanceof IssuerFailure ? error : new IssuerFailure(`${at} ${whyNot(error, signal)}`);
    }
  };

  const fetchKeys = async (signal: AbortSignal): Promise<JSONWebKeySet> => {
    const { issuer, jwks_uri: place } = await read("discovery document", discoveryUrl, signal);
    if (issuer !== url) throw new IssuerFailure(`the discovery document of the issuer ${url} is another issuer's`);
    if (typeof place !== "string" || !/^https:\/\//i.test(place) || !URL.canParse(place))
      throw new IssuerFailure(`the jwks_uri of the issuer ${url} is not an https URL`);
    const keys = (await read("keys", place, signal)) as unknown as JSONWebKeySet;
    try {
      createLocalJWKSet(keys);
    } catch {
      throw new IssuerFailure(`the keys of the issuer ${url} are not a JSON Web Key Set`);
    }
    return keys;
  };

  const keys = createRemoteJWKSet(new URL(discoveryUrl), {
    timeoutDuration: fetchTime,
    cooldownDuration: coolDown,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: async (_url, { signal }) => {
      if (rest && performance.now() < rest.until) throw rest.failure;
      asked = Date.now();
      try {
        const found = await fetchKeys(signal);
        fetched = Date.now();
        return Response.json(found);
      } catch (failure) {
        rest = { failure, until: performance.now() + restAfterFailure };
        throw failure;
      }
    },
  });

  return {
    find: async (header, token) => {
      if (keys.fresh && Date.now() - fetched > refreshAfter) {
        const pause = Date.now() - asked;
        const refreshing = keys.reload().catch(() => {});
        if (pause > longestPause) await refreshing;
      }
      return keys(header, token);
    },
    renew: async () => {
      if (keys.coolingDown) return false;
      await keys.reload();
      return true;
    },
    settled: async () => {
      if (keys.reloading) await keys.reload().catch(() => {});
    },
    close: () => agent.destroy(),
  };
}

/** Only codes are repeated: messages hold addresses. */
const whyNot = (error: unknown, signal: AbortSignal): string => {
  if (signal.aborted) return `did not come within ${fetchTime} ms`;
  if (error instanceof SyntaxError) return "is not JSON";
  const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
  if (code === tooLarge) return "is larger than 1 MiB";
  return `cannot be had (${code}); check url, discoveryURL and certificateAuthority`;
};
