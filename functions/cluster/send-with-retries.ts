import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../net/exchange.ts";
import type { Credentials, CredentialsOf } from "./credentials.ts";
import { pauseBefore } from "./retry.ts";

/** A request that may go out more than once. */
export interface Persistence {
  readonly send: (credentials: Credentials) => Promise<HttpReply>;
  readonly credentialsOf: CredentialsOf;
  /** In milliseconds since the epoch; `signal` is what happens then. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Sends until there is a reply that is worth having, or that will not change: once more with other credentials where the first were
 * refused and there are others, and after a pause where `pauseBefore` says so. The last reply is the result, whatever its status.
 */
export async function sendWithRetries({ send, credentialsOf, deadline, signal }: Persistence): Promise<HttpReply> {
  let credentials = await credentialsOf();
  for (let renewed = false, repeats = 0; ; ) {
    const reply = await send(credentials);
    const { status, headers } = reply;
    if (status === 401 && !renewed) {
      const others = await credentialsOf(credentials);
      if (isDeepStrictEqual(others, credentials)) return reply;
      credentials = others;
      renewed = true;
      continue;
    }
    const now = Date.now();
    const retryAfter = headers["retry-after"];
    const pause = pauseBefore({ status, retryAfter, repeats, left: deadline - now, random: Math.random(), now });
    if (pause === undefined) return reply;
    repeats += 1;
    await sleep(pause, undefined, { signal });
  }
}
