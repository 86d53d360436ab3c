import type { Ask } from "../cluster/ask.ts";
import type { Identify } from "../cluster/identify.ts";
import type { RequestEntry } from "./log-entries.ts";
import type { ProxyCluster } from "./proxy-cluster.ts";

type Counts = Pick<RequestEntry, "tokenReviews" | "cachedTokenReviews" | "questions" | "cachedQuestions">;

/** The look-ups of one request, which count themselves. */
export interface CountedLookUps {
  readonly identify: Identify;
  readonly ask: Ask;
  /** Of what was looked up so far. */
  readonly counts: () => Counts;
}

/** Counts what one request looks up at its cluster, and what of it was known already. */
export function countLookUps({ identify, ask }: Pick<ProxyCluster, "identify" | "ask">): CountedLookUps {
  let [tokenReviews, cachedTokenReviews, questions, cachedQuestions] = [0, 0, 0, 0];
  return {
    identify: (token, deadline) => {
      tokenReviews += 1;
      return identify(token, deadline, () => {
        cachedTokenReviews += 1;
      });
    },
    ask: (asked, deadline) => {
      questions += asked.length;
      return ask(asked, deadline, () => {
        cachedQuestions += 1;
      });
    },
    counts: () => ({
      ...(tokenReviews > 0 && { tokenReviews, cachedTokenReviews }),
      ...(questions > 0 && { questions, cachedQuestions }),
    }),
  };
}
