/** Runs a piece of work when it is its turn; `signal` ends the waiting. */
export type InQueue = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** The code of the error where too many wait already. */
export const queueIsFull = "ERR_TOO_MANY_WAITING";

/**
 * Runs `most` pieces of work at once, while `mostWaiting` others wait, first come, first served. One more is rejected at once, with the
 * code `queueIsFull`. A piece of work whose signal ends the waiting is rejected with the signal's reason, and leaves the queue.
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
    // The slot goes straight to the next waiter, so that a later caller cannot overtake it.
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
