import { setTimeout as sleep } from "node:timers/promises";
import type { HttpReply } from "../net/exchange.ts";
import type { ClusterRequest, Connection } from "./connection.ts";
import { pauseBefore } from "./pause-before.ts";

/**
 * Sends a review, and once more after a pause where `pauseBefore` says so. Returns the last reply, whatever its status.
 *
 * @param deadline milliseconds since the epoch
 */
export async function sendWithRetries(
  send: Connection["send"],
  request: ClusterRequest,
  deadline: number,
): Promise<HttpReply> {
  for (let repeats = 0; ; repeats += 1) {
    const reply = await send(request);
    const { status, headers } = reply;
    const now = Date.now();
    const retryAfter = headers["retry-after"];
    const pause = pauseBefore({ status, retryAfter, repeats, left: deadline - now, random: Math.random(), now });
    if (pause === undefined) return reply;
    await sleep(pause, undefined, { signal: request.signal });
  }
}
