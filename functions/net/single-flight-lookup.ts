import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";

/**
 * Looks up the one name of an agent once for all connections that want it at the same time. Node looks names up in two threads for the
 * whole process, and a name whose servers are dead keeps a thread for many seconds: looked up for each connection, it would block the
 * look-ups of all other names.
 */
export function singleFlightLookup(resolve: LookupFunction = lookup): LookupFunction {
  let waiting: Parameters<LookupFunction>[2][] = [];
  return (hostname, options, callback) => {
    waiting.push(callback);
    if (waiting.length > 1) return;
    resolve(hostname, options, (...found) => {
      const all = waiting;
      waiting = [];
      for (const each of all) each(...found);
    });
  };
}
