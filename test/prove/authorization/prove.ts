import type { ResourceQuestion } from "../../../lib/index.ts";
import { authorize, readWorld } from "../../../lib/rbac/index.ts";
import { minorOf } from "../../cluster/harness/minor-of.ts";
import { type Pair, pairsOf, questionsOf } from "../worlds/cases.ts";
import type { Ground } from "../worlds/ground.ts";
import { prefixOf, share } from "../worlds/parts.ts";
import { pooled } from "../worlds/pool.ts";
import { randomOf } from "../worlds/random.ts";
import { Unstorable } from "../worlds/stage.ts";
import { vocabularyOf } from "../worlds/vocabulary.ts";
import { type Manifest, worldOf } from "../worlds/world.ts";
import { checkPair, type PairChecker } from "./check-pair.ts";
import { type Authorize, checkQuestion } from "./check-question.ts";
import { type Figures, newTally } from "./figures.ts";
import { whoIs } from "./probe.ts";
import { askReviews, type Keeps, keeps } from "./rule.ts";
import { shrink } from "./shrink.ts";
import { staysInObject } from "./webhook-pair.ts";

/** A world in which something is judged in two ways. */
export interface Counterexample {
  readonly sort: "pair" | "webhook" | "question";
  readonly manifests: readonly Manifest[];
  /** The pair, or the question. */
  readonly asked: Pair | ResourceQuestion;
  readonly disagreement: string;
}

export interface ProofOptions {
  readonly ground: Ground;
  readonly seed: number;
  readonly pairs: number;
  readonly questions: number;
  readonly worlds: number;
  /** One pair in so many goes through the whole webhook too; 0: none, as where it is not installed. */
  readonly webhookEvery: number;
  readonly progress?: (world: number, disagreed: number) => void;
  /** How long a counterexample may be made smaller, in milliseconds. */
  readonly shrinkWithin?: number;
  /** Other rules than ours, to see that they are found out. */
  readonly keeps?: Keeps;
  readonly authorize?: Authorize;
}

/** From 1.36 on grants of constrained impersonation count. */
const knowsConstraints = (version: string): boolean => minorOf(version) >= 36;

/** From 1.37 on the reason of a no begins with the name of the authorizer that gives it. */
const authorizerIn = (version: string): string => (minorOf(version) >= 37 ? "rbac: " : "");

let prefixes = 0;

/** Judges random pairs and questions in random worlds, by the API server and by the library, and says where they differ. */
export const prove = async (
  options: ProofOptions,
): Promise<{ readonly figures: Figures; readonly counterexamples: readonly Counterexample[] }> => {
  const { ground, seed, pairs, questions, worlds, webhookEvery, progress, shrinkWithin = 120_000 } = options;
  const { as, review, stage, base, version } = ground;
  const since = Date.now();
  const authorizes = options.authorize ?? authorize;
  const checker: PairChecker = {
    as,
    ask: askReviews(review),
    keeps: options.keeps ?? keeps,
    constrains: knowsConstraints(version),
  };
  const authorizer = authorizerIn(version);
  const tally = newTally();
  const counterexamples: Counterexample[] = [];

  const judgePair = async (pair: Pair) => checkPair(checker, pair, await whoIs(as, pair.requester));
  const judgeObject = async (pair: Pair) => {
    const [{ ruling }, stays] = await Promise.all([judgePair(pair), staysInObject(as, pair)]);
    return { stays, agrees: stays === ruling.kept, ruling };
  };
  const judgeQuestion = async (manifests: readonly Manifest[], question: ResourceQuestion) =>
    checkQuestion(authorizes, readWorld([...base, ...manifests]), question, await review(question), authorizer);

  const disagreementOn = async ({ sort, manifests, asked }: Pick<Counterexample, "sort" | "manifests" | "asked">) => {
    if (sort === "question") return (await judgeQuestion(manifests, asked as ResourceQuestion)).disagreement;
    if (sort === "pair") return (await judgePair(asked as Pair)).disagreement;
    const { stays, agrees, ruling } = await judgeObject(asked as Pair);
    return agrees
      ? undefined
      : `the object ${stays ? "keeps" : "loses"} it; the rule says ${ruling.decision} (${ruling.reason})`;
  };

  /** Makes a counterexample smaller, every try under names of its own, because an API server remembers some answers for a while. */
  const reduced = async (found: Counterexample, prefix: string): Promise<Counterexample> => {
    let [last, disagreement] = [found, found.disagreement];
    const fails = async (candidate: Counterexample): Promise<boolean> => {
      const fresh = prefixOf("z", prefixes++);
      const renamed: Counterexample = JSON.parse(JSON.stringify(candidate).replaceAll(prefix, fresh));
      try {
        await stage.show(renamed.manifests, vocabularyOf(fresh).namespaces);
        const why = await disagreementOn(renamed);
        if (why === undefined) return false;
        [last, disagreement] = [renamed, why];
        return true;
      } catch (error) {
        if (error instanceof Unstorable) return false;
        throw error;
      }
    };
    await shrink(found, fails, shrinkWithin);
    return { ...last, disagreement };
  };

  for (let index = 0; index < worlds; index++) {
    const prefix = prefixOf("w", index);
    const words = vocabularyOf(prefix);
    const random = (part: string) => randomOf(seed, `${index}/${part}`);
    const manifests = worldOf(random("world"), words);
    const world = readWorld([...base, ...manifests]);
    await stage.show(manifests, words.namespaces);
    tally.world(manifests.length);

    const found: Counterexample[] = [];
    const note = (
      sort: Counterexample["sort"],
      asked: Pair | ResourceQuestion,
      disagreement: string | undefined,
    ): void => {
      if (disagreement !== undefined) found.push({ sort, manifests, asked, disagreement });
    };
    const before = Math.floor((pairs * index) / worlds);
    await pooled(pairsOf(random("pairs"), words, manifests, share(pairs, worlds, index)), async (pair, nth) => {
      const result = await judgePair(pair);
      tally.pair(result);
      note("pair", pair, result.disagreement);
      if (webhookEvery === 0 || (before + nth) % webhookEvery !== 0) return;
      const stays = await staysInObject(as, pair);
      tally.webhook(stays, stays === result.ruling.kept);
      if (stays !== result.ruling.kept)
        note("webhook", pair, `the object ${stays ? "keeps" : "loses"} it, against the rule`);
    });
    await pooled(
      questionsOf(random("questions"), words, manifests, share(questions, worlds, index)),
      async (question) => {
        const result = checkQuestion(authorizes, world, question, await review(question), authorizer);
        tally.question(result);
        note("question", question, result.disagreement);
      },
    );
    progress?.(index + 1, tally.disagreed());

    for (const each of found)
      if (!counterexamples.some(({ sort }) => sort === each.sort)) counterexamples.push(await reduced(each, prefix));
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  return { figures: tally.figures({ version, seed, seconds }), counterexamples };
};
