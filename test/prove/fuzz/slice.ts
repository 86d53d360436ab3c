import assert from "node:assert/strict";
import fc from "fast-check";
import * as lib from "../../../lib/index.ts";
import { type CalledTrial, calls, checkCall } from "./calls.ts";
import { hostile, large } from "./hostile.ts";
import { byAnyPolicy } from "./policies.ts";
import { checkReview, type Library, policyOf, type Trial } from "./properties.ts";
import { newTally, type Tally } from "./tally.ts";
import { honest } from "./worlds.ts";

/** The kinds of slices, in their order and in their shares of the run. */
const turns = [
  "honest",
  "calls",
  "hostile",
  "honest",
  "policies",
  "calls",
  "honest",
  "hostile",
  "calls",
  "large",
] as const;
export type Kind = (typeof turns)[number];

const runs: Readonly<Record<Kind, number>> = { honest: 400, calls: 200, hostile: 300, policies: 200, large: 10 };

/** A part of a run that one thread tries at a time. The same slice tries the same on every machine. */
export interface Slice {
  readonly kind: Kind;
  readonly seed: number;
  readonly runs: number;
  /** Where in the run a failure is, as fast-check prints it. */
  readonly path?: string;
}

export interface SliceResult {
  readonly tally: Tally;
  /** fast-check's report of a counterexample, as small as it could be made. */
  readonly failure?: string;
}

/** The slice of a run, whose seeds all derive from the run's. */
export const sliceOf = (seed: number, index: number): Slice => {
  const kind = turns[index % turns.length] ?? "honest";
  // Weyl's sequence by the golden ratio: no two slices of a run get one seed.
  return { kind, seed: (seed + Math.imul(index + 1, 0x9e3779b9)) | 0, runs: runs[kind] };
};

/** Shared prototypes, which no code may change. */
const shared = [Object, Array, Function, String, Number, RegExp, Map, Set].map(({ prototype }) => prototype as object);

const clean = shared.map((prototype) => Object.getOwnPropertyDescriptors(prototype) as PropertyDescriptorMap);

const assertClean = (): void => {
  for (const [index, prototype] of shared.entries()) {
    const was = clean[index] ?? {};
    const now: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(prototype);
    const changed = Reflect.ownKeys(now).find(
      (key) => !Object.hasOwn(was, key) || now[key as string]?.value !== was[key as string]?.value,
    );
    assert.equal(changed, undefined, "no shared prototype is changed");
  }
};

const checkAnyPolicy = (library: Library, trial: Trial, tally: Tally): void => {
  try {
    policyOf(trial.policy);
  } catch (error) {
    if (!(error instanceof lib.PolicyError)) throw error;
    tally.reviews.policiesRefused += 1;
    return;
  }
  checkReview(library, trial, tally);
};

/** Shrinking ends after so many milliseconds, with the smallest counterexample by then. */
const interruptAfterTimeLimit = 120_000;

/** Tries a slice, with the library or with one that is wrong on purpose. What a failing slice counted is not counted. */
export const trySlice = async ({ kind, seed, runs, path }: Slice, library: Library = lib): Promise<SliceResult> => {
  const tally = newTally();
  const review = (arbitrary: fc.Arbitrary<Trial>, check: typeof checkReview) =>
    fc.property(arbitrary, (trial) => {
      check(library, trial, tally);
      assertClean();
    });
  const parameters = {
    seed,
    numRuns: runs,
    interruptAfterTimeLimit,
    includeErrorInReport: true,
    ...(path === undefined ? {} : { path }),
  };
  const called = fc.asyncProperty(calls, async (call) => {
    await checkCall(library, call, tally);
    assertClean();
  });
  const tried = {
    honest: () => fc.check(review(honest, checkReview), parameters),
    hostile: () => fc.check(review(hostile, checkReview), parameters),
    large: () => fc.check(review(large, checkReview), parameters),
    policies: () => fc.check(review(byAnyPolicy, checkAnyPolicy), parameters),
    calls: () => fc.check(called, parameters),
  };
  const details: fc.RunDetails<[Trial]> | fc.RunDetails<[CalledTrial]> = await tried[kind]();
  if (!details.failed) return { tally };
  const report = fc.defaultReportMessage(details as fc.RunDetails<[Trial]>) ?? "failed without a report";
  return { tally: newTally(), failure: `slice ${kind}, ${report}` };
};
