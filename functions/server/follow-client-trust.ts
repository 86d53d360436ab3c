import type { ProxyCluster } from "../proxy/proxy-cluster.ts";
import type { ServerLog } from "./log-entries.ts";

/** How often a new cluster, or another own CA, is looked for. */
const usualPause = 5_000;
/** The time between two reads of one cluster. */
const usualAge = 60_000;

/**
 * Has each cluster read again, every minute, whose client certificates count there, and calls `changed` when that is another one at any of
 * them. What goes wrong is logged once.
 *
 * @returns a function that ends it
 */
export function followClientTrust(
  clusters: () => readonly Pick<ProxyCluster, "name" | "clientTrust" | "refreshTrust">[],
  log: ServerLog,
  changed: () => void,
  { pause = usualPause, age = usualAge } = {},
): () => void {
  const trusted = () => clusters().map(({ clientTrust }) => clientTrust());
  let known = trusted();
  const reads = new WeakMap<object, { readonly at: number; readonly problem: string | undefined }>();
  const refresh = async (cluster: ReturnType<typeof clusters>[number]): Promise<void> => {
    const last = reads.get(cluster);
    const at = performance.now();
    if (last !== undefined && at - last.at < age) return;
    const problem = await cluster.refreshTrust();
    reads.set(cluster, { at, problem });
    // The check of the accounts has told the first one.
    if (last === undefined || last.problem === problem) return;
    log({
      ...{ event: "reload", what: `the client CAs of cluster ${JSON.stringify(cluster.name)}` },
      ...(problem !== undefined && { problem }),
    });
  };
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    await Promise.all(clusters().map(refresh));
    isLooking = false;
    const now = trusted();
    if (now.length === known.length && now.every((trust, at) => trust === known[at])) return;
    known = now;
    changed();
  };
  const timer = setInterval(() => void look(), pause);
  timer.unref();
  return () => clearInterval(timer);
}
