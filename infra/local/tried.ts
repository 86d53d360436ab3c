/** An event, what came of it, and what of that is not as the event says. */
export interface TriedSample<Sample, Result extends { readonly event: string }> {
  readonly sample: Sample;
  readonly result: Result;
  readonly wrong: readonly string[];
}

type AnyTried = TriedSample<unknown, { readonly event: string }>;

/**
 * The events that are shown: those with these names, in this order, then those that came out otherwise than they say. All where no names
 * are given.
 */
export function chosenOf<T extends AnyTried>(tried: readonly T[], names: readonly string[] | undefined): readonly T[] {
  if (names === undefined) return tried;
  return [
    ...names.flatMap((name) => tried.filter(({ result }) => result.event === name)),
    ...tried.filter(({ result, wrong }) => wrong.length > 0 && !names.includes(result.event)),
  ];
}

/** How many events there are, how many came out otherwise than they say, and how many are shown. */
export function countOfTried(tried: readonly AnyTried[], shown: readonly AnyTried[]): string {
  const unexpected = tried.filter(({ wrong }) => wrong.length > 0).length;
  const verdict = unexpected === 0 ? "all as expected" : `${unexpected} not as expected`;
  return shown.length === tried.length
    ? `${tried.length} events, ${verdict}`
    : `${tried.length} events, ${verdict}; ${shown.length} are shown, --all shows all`;
}

/** The differences between a result and what its event expects, each as a sentence. What an event does not say is not compared. */
export function differencesOf(
  pairs: readonly (readonly [what: string, wanted: unknown, found: unknown])[],
): readonly string[] {
  return pairs
    .filter(([, wanted, found]) => wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(found))
    .map(([what, wanted, found]) => `${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
}
