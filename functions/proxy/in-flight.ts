/** What a request counts as. */
export type Load = "read" | "write" | "long-running";

/** The most requests of each kind at the same time. */
export type InFlightLimits = Readonly<Record<Load, number>>;

/** What kube-apiserver allows by default, and a bound of its own for what stays open. */
export const usualLimits: InFlightLimits = { read: 400, write: 200, "long-running": 10_000 };

/** Counts a request; the function that it returns, called once, ends it. Undefined where there are too many. */
export type Enter = (load: Load, isExempt: boolean) => (() => void) | undefined;

/** Counts the requests that are under way. Those that are exempt are neither refused nor counted. */
export function inFlight(limits: InFlightLimits): Enter {
  const counts = { read: 0, write: 0, "long-running": 0 };
  return (load, isExempt) => {
    if (isExempt) return () => {};
    if (counts[load] >= limits[load]) return undefined;
    counts[load] += 1;
    return () => {
      counts[load] -= 1;
    };
  };
}
