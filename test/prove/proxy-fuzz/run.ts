import fc from "fast-check";
import * as lib from "../../../lib/proxy/index.ts";
import type { ProxyLibrary } from "../proxy/nested.ts";
import { proxyCase } from "./case.ts";
import { checkProxyCase, newProxyFuzzTally, type ProxyFuzzTally } from "./properties.ts";

/** What a run met. */
export interface ProxyFuzzFigures extends ProxyFuzzTally {
  readonly seed: number;
  readonly seconds: number;
}

export interface ProxyFuzzOptions {
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (requests: number, failures: number) => void;
  /** A library that is wrong on purpose. */
  readonly library?: Partial<ProxyLibrary>;
}

const slice = 5_000;
/** Shrinking ends after so many milliseconds, with the smallest counterexample by then. */
const interruptAfterTimeLimit = 60_000;

/** Judges random and hostile requests, and says which request broke which promise, as fast-check prints it. The first failure ends the run. */
export const fuzzProxy = ({
  seed,
  requests,
  progress,
  library,
}: ProxyFuzzOptions): { readonly figures: ProxyFuzzFigures; readonly failures: readonly string[] } => {
  const since = performance.now();
  const tally = newProxyFuzzTally();
  const failures: string[] = [];
  const used = { ...lib, ...library };
  for (let done = 0; done < requests && failures.length === 0; done += slice) {
    const details = fc.check(
      fc.property(proxyCase, (given) => checkProxyCase(used, given, tally)),
      {
        // Weyl's sequence by the golden ratio: no two slices of a run get one seed.
        seed: (seed + Math.imul(done / slice, 0x9e3779b9)) | 0,
        numRuns: Math.min(slice, requests - done),
        interruptAfterTimeLimit,
        includeErrorInReport: true,
      },
    );
    if (details.failed) failures.push(fc.defaultReportMessage(details) ?? "failed without a report");
    progress?.(Math.min(requests, done + slice), failures.length);
  }
  return { figures: { seed, seconds: Math.round((performance.now() - since) / 1000), ...tally }, failures };
};
