import { type CheckResult, ok, warn } from "./check-result.ts";
import type { ProxySite } from "./proxy-site.ts";
import type { Way } from "./way.ts";

const check = "proxy-latency";
const times = 5;
/** Milliseconds that a proxy may add before users notice. */
const slow = 100;

/** Measures a small request directly and through the proxy, on connections that are open already. */
export async function checkProxyLatency({ direct, through }: ProxySite): Promise<readonly CheckResult[]> {
  const [one, other] = [await medianOf(direct), await medianOf(through)];
  const measured = `GET /version takes ${other} ms through the proxy and ${one} ms directly (median of ${times})`;
  return [
    other - one > slow
      ? warn(
          check,
          measured,
          "run the proxy near the API server, and look at its CPU and at the answers that it waits for",
        )
      : ok(check, measured),
  ];
}

const medianOf = async (way: Way): Promise<number> => {
  const taken: number[] = [];
  // The first one opens the connection.
  for (let time = 0; time <= times; time++) {
    const started = performance.now();
    await way.send({ path: "/version" });
    if (time > 0) taken.push(performance.now() - started);
  }
  return Math.round(taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0);
};
