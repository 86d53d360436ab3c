/** Runs a piece of work when it is its turn; `signal` ends the waiting. */
export type InQueue = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** The code of the error where too many wait already. */
export const queueIsFull = "ERR_TOO_MANY_WAITING";

/**
 * Lets so many pieces of work run at once and so many wait, first come, first served. Throws at once, with the code `tooMany`, for one
 * more; and with the signal's reason for one whose signal ends the waiting, which then takes nobody's turn.
 */
export function queue(most: number, mostWaiting: number): InQueue {
  const waiting = new Set<() => void>();
  let running = 0;

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.add(resolve);
      signal.addEventListener("abort", () => {
        waiting.delete(resolve);
        reject(signal.reason);
      });
    });

  const next = (): void => {
    const [first] = waiting;
    // A turn is handed on, not given back: nobody who comes later gets in between.
    if (!first) running -= 1;
    else {
      waiting.delete(first);
      first();
    }
  };

  return async (signal, work) => {
    signal.throwIfAborted();
    if (running < most) running += 1;
    else if (waiting.size < mostWaiting) await turn(signal);
    else throw Object.assign(new Error(`${mostWaiting} are waiting`), { code: queueIsFull });
    try {
      return await work();
    } finally {
      next();
    }
  };
}
