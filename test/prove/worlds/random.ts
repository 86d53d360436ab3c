/** Everything that is left to chance. The same seed makes the same choices on every machine. */
export interface Random {
  /** From 0 up to, but not including, the limit. */
  readonly below: (limit: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(values: readonly T[]) => T;
  /** Different values, between so many and so many of them. */
  readonly some: <T>(values: readonly T[], least: number, most: number) => readonly T[];
}

/** FNV-1a, so that every part of a run has a stream of its own: more questions change no pair. */
const hash = (text: string): number =>
  [...text].reduce((sum, character) => Math.imul(sum ^ (character.codePointAt(0) as number), 0x01000193), 0x811c9dc5);

/** Mulberry32. @param part what the stream is for */
export const randomOf = (seed: number, part: string): Random => {
  let state = hash(`${seed}/${part}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    const again = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((again ^ (again >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(values: readonly T[]): T => {
    if (values.length === 0) throw new Error("there is nothing to choose from");
    return values[below(values.length)] as T;
  };
  const some = <T>(values: readonly T[], least: number, most: number): readonly T[] => {
    const left = [...values];
    const count = Math.min(left.length, least + below(most - least + 1));
    return Array.from({ length: count }, () => left.splice(below(left.length), 1)[0] as T);
  };
  return { below, chance: (probability) => next() < probability, pick, some };
};
