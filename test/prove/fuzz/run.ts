import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Figures } from "./figures.ts";
import { type Kind, type SliceResult, sliceOf } from "./slice.ts";
import { add, newTally } from "./tally.ts";

export interface FuzzOptions {
  /** The seed of all random choices. The same seed tries the same reviews, whatever the number of threads. */
  readonly seed: number;
  /** How many reviews are judged, at least. */
  readonly reviews: number;
  /** Threads; as many as the machine has processors. */
  readonly workers?: number;
  /** Called after every slice, with the reviews that were judged so far and the failures that were found. */
  readonly progress?: (reviews: number, failures: number) => void;
}

/** The stack size of the main thread, on which the function runs, so that nesting too deep for it is found. */
const resourceLimits = { stackSizeMb: 1 };

/**
 * Judges random and hostile reviews, and says which review broke which promise. The first failure ends the run, because what is broken
 * would be broken again; several threads may each report one at that time. A thread that ends is a failure too.
 *
 * @example const { failures } = await fuzz({ seed: 7, reviews: 20_000 });
 */
export const fuzz = async ({
  seed,
  reviews,
  workers = availableParallelism(),
  progress,
}: FuzzOptions): Promise<{ readonly figures: Figures; readonly failures: readonly string[] }> => {
  const since = performance.now();
  const tally = newTally();
  const failures: string[] = [];
  const tried: Partial<Record<Kind, number>> = {};
  let next = 0;

  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { resourceLimits });
    const told = (slice: unknown) =>
      new Promise<SliceResult>((resolve, reject) => {
        worker.removeAllListeners();
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
        worker.postMessage(slice);
      });
    try {
      while (tally.reviews.judged < reviews && failures.length === 0) {
        const slice = sliceOf(seed, next++);
        const result = await told(slice).catch((error: unknown) => ({
          tally: newTally(),
          failure: `slice ${slice.kind}, seed ${slice.seed}: ${String(error)}`,
        }));
        add(tally, result.tally);
        tried[slice.kind] = (tried[slice.kind] ?? 0) + slice.runs;
        if (result.failure !== undefined) failures.push(result.failure);
        progress?.(tally.reviews.judged, failures.length);
      }
    } finally {
      worker.removeAllListeners();
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (performance.now() - since) / 1000;
  return { figures: { seed, workers, seconds, tried, ...tally }, failures };
};
