import { shrink } from "../authorization/shrink.ts";
import { pairsOf } from "../worlds/cases.ts";
import { prefixOf, share } from "../worlds/parts.ts";
import { pooled } from "../worlds/pool.ts";
import { randomOf } from "../worlds/random.ts";
import { Unstorable } from "../worlds/stage.ts";
import { vocabularyOf } from "../worlds/vocabulary.ts";
import { type Manifest, worldOf } from "../worlds/world.ts";
import { checkCase } from "./check.ts";
import { createOf } from "./creates.ts";
import { type Figures, newTally } from "./figures.ts";
import type { TwinsGround } from "./ground.ts";
import { storedOf, unguarded } from "./stored.ts";
import { updateOf } from "./updates.ts";
import type { Case } from "./write.ts";

/** A world in which the function, the twins and both of them do not come to the same. */
export interface Counterexample {
  readonly manifests: readonly Manifest[];
  readonly asked: Case;
  readonly disagreement: string;
}

export interface TwinsProofOptions {
  readonly ground: TwinsGround;
  readonly seed: number;
  /** How many are created. */
  readonly objects: number;
  /** How many writes there are of stored objects and of their status. Default: half as many. */
  readonly updates?: number;
  /** Over which they are spread. */
  readonly worlds: number;
  readonly progress?: (world: number, disagreed: number) => void;
  /** How long a counterexample may be made smaller, in milliseconds. */
  readonly shrinkWithin?: number;
}

const isUnguarded = ({ before }: Case): boolean =>
  unguarded.some((object) => JSON.stringify(object) === JSON.stringify(before));

let prefixes = 0;

/** Lets random people write random objects in random worlds, guarded in three ways, and says where what comes of it differs. */
export const proveTwins = async (
  options: TwinsProofOptions,
): Promise<{ readonly figures: Figures; readonly counterexamples: readonly Counterexample[] }> => {
  const {
    ground,
    seed,
    objects,
    updates = Math.floor(objects / 2),
    worlds,
    progress,
    shrinkWithin = 120_000,
  } = options;
  const { store, tried, sets } = ground;
  const { stage, version } = ground.world;
  const since = Date.now();
  const tally = newTally();
  const counterexamples: Counterexample[] = [];

  /** Makes a counterexample smaller, every try under names of its own: stored objects stay, and an API server remembers answers. */
  const reduced = async (found: Counterexample, prefix: string): Promise<Counterexample> => {
    let last = found;
    const fails = async (candidate: Counterexample): Promise<boolean> => {
      const fresh = prefixOf("z", prefixes++);
      const renamed: Counterexample = JSON.parse(JSON.stringify(candidate).replaceAll(prefix, fresh));
      const { before } = renamed.asked;
      if (isUnguarded(found.asked) && !isUnguarded(renamed.asked)) return false;
      try {
        await stage.show(renamed.manifests, vocabularyOf(fresh).namespaces);
        if (before && !isUnguarded(renamed.asked)) await store(before);
        const { disagreement } = await checkCase(tried, renamed.asked);
        if (disagreement === undefined) return false;
        last = { ...renamed, disagreement };
        return true;
      } catch (error) {
        if (error instanceof Unstorable) return false;
        throw error;
      }
    };
    await shrink(found, fails, shrinkWithin);
    return last;
  };

  for (let index = 0; index < worlds; index++) {
    const prefix = prefixOf("w", index);
    const words = vocabularyOf(prefix);
    const random = (part: string) => randomOf(seed, `${index}/${part}`);
    const manifests = worldOf(random("world"), words);
    const [creates, writes] = [share(objects, worlds, index), share(updates, worlds, index)];
    const pairs = pairsOf(random("pairs"), words, manifests, Math.max(1, creates));
    const stored = storedOf(random("stored"), words, pairs);
    const [created, updated] = [random("creates"), random("updates")];
    const cases = [
      ...pairs.slice(0, creates).map((pair) => createOf(created, words, pair)),
      ...Array.from({ length: writes }, () => updateOf(updated, words, pairs, stored)),
    ];
    await stage.show(manifests, words.namespaces);
    await pooled(stored, store);

    const found: Counterexample[] = [];
    await pooled(cases, async (asked) => {
      const result = await checkCase(tried, asked);
      tally.add(result);
      const { disagreement } = result;
      if (disagreement !== undefined) found.push({ manifests, asked, disagreement });
    });
    progress?.(index + 1, tally.disagreed());

    for (const each of found)
      if (!counterexamples.some(({ asked }) => asked.write.sort === each.asked.write.sort))
        counterexamples.push(await reduced(each, prefix));
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  return { figures: tally.figures({ version, sets, seed, seconds, worlds }), counterexamples };
};
