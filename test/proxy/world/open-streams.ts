import type { LocalProxy } from "./serve-proxy.ts";

/** How many streams to API servers a proxy has open, by its metrics. */
export const openStreams = async ({ healthPort }: LocalProxy): Promise<number> => {
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  return Number(/proxy_upstream_streams\{.*\} (\d+)/.exec(metrics)?.[1]);
};
