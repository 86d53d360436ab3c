/** What a request counts as. */
export type Load = "read" | "write" | "long-running";

/** The most requests of each kind at the same time. */
export type InFlightLimits = Readonly<Record<Load, number>>;

/** What kube-apiserver allows by default, and a bound of its own for what stays open. */
export const usualLimits: InFlightLimits = { read: 400, write: 200, "long-running": 10_000 };

/** Counts a request; the function that it returns, called once, ends it. Undefined where there are too many. */
export type Enter = (load: Load, isExempt: boolean) => (() => void) | undefined;

/** Called where a request of a kind begins (1) and ends (-1), also for those that are exempt. */
export type OnLoad = (load: Load, change: 1 | -1) => void;

/** Counts the requests that are under way. Those that are exempt are neither refused nor counted. */
export function inFlight(limits: InFlightLimits, onLoad: OnLoad = () => {}): Enter {
  const counts = { read: 0, write: 0, "long-running": 0 };
  return (load, isExempt) => {
    if (!isExempt && counts[load] >= limits[load]) return undefined;
    const change = (by: 1 | -1): void => {
      if (!isExempt) counts[load] += by;
      onLoad(load, by);
    };
    change(1);
    return () => change(-1);
  };
}
