import { type Comparison, type Difference, differences } from "./compare.ts";

/** What a run of requests, each made twice, found. */
export interface ProxyFigures {
  readonly version: string;
  readonly seed: number;
  readonly seconds: number;
  readonly asked: number;
  /** The same answer, by its class. */
  readonly same: Readonly<Record<"succeeded" | "refused" | "otherwise", number>>;
  readonly documented: Readonly<Record<Difference, number>>;
  /** Of the same answers, those that the audit log tells the same of: who asked, and for what. */
  readonly audited: number;
  /** Requests that were made again, because the first two answers differed. */
  readonly repeated: number;
  readonly disagreed: number;
}

interface Counted {
  /** Of the API server itself. */
  readonly status: number;
  readonly comparison: Comparison;
  readonly again: number;
  readonly isAudited?: boolean;
}

/** Counts as results come in. */
export const newProxyTally = () => {
  const same = { succeeded: 0, refused: 0, otherwise: 0 };
  const documented = Object.fromEntries(differences.map((difference) => [difference, 0])) as Record<Difference, number>;
  const counts = { asked: 0, audited: 0, repeated: 0, disagreed: 0 };
  return {
    count: ({ status, comparison, again, isAudited = false }: Counted): void => {
      counts.asked += 1;
      if (isAudited) counts.audited += 1;
      if (again > 0) counts.repeated += 1;
      if ("disagreement" in comparison) counts.disagreed += 1;
      else if ("documented" in comparison) documented[comparison.documented] += 1;
      else same[status < 300 ? "succeeded" : status === 403 ? "refused" : "otherwise"] += 1;
    },
    disagreed: (): number => counts.disagreed,
    figures: (run: Pick<ProxyFigures, "version" | "seed" | "seconds">): ProxyFigures => ({
      ...run,
      ...counts,
      same,
      documented,
    }),
  };
};
