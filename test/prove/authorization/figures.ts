import type { Exception, PairResult } from "./check-pair.ts";
import type { Compared, QuestionResult } from "./check-question.ts";

/** What a run found. */
export interface Figures {
  readonly version: string;
  readonly seed: number;
  readonly seconds: number;
  readonly worlds: number;
  readonly manifests: number;
  readonly pairs: {
    readonly asked: number;
    /** The rule keeps exactly what the API server accepts. */
    readonly agreed: { readonly accepted: number; readonly refused: number };
    /** They differ, and are meant to. */
    readonly excepted: Readonly<Record<Exception, number>>;
    /** Pairs of a special kind, those that agree included. */
    readonly special: Readonly<Record<Exclude<Exception, "constrained">, number>>;
    /** Names that the API server took for others. */
    readonly mistaken: number;
    readonly disagreed: number;
  };
  readonly webhook: { readonly asked: number; readonly kept: number; readonly disagreed: number };
  readonly questions: {
    readonly asked: number;
    readonly agreed: Readonly<Record<Compared, number>>;
    readonly disagreed: number;
  };
}

/** Counts as results come in. */
export interface Tally {
  readonly pair: (result: PairResult) => void;
  readonly webhook: (kept: boolean, agrees: boolean) => void;
  readonly question: (result: QuestionResult) => void;
  readonly world: (manifests: number) => void;
  readonly figures: (run: Pick<Figures, "version" | "seed" | "seconds">) => Figures;
  readonly disagreed: () => number;
}

export const newTally = (): Tally => {
  const excepted = { self: 0, privileged: 0, unsafe: 0, constrained: 0 };
  const special = { self: 0, privileged: 0, unsafe: 0 };
  const agreed = { accepted: 0, refused: 0 };
  const pairs = { asked: 0, mistaken: 0, disagreed: 0 };
  const webhook = { asked: 0, kept: 0, disagreed: 0 };
  const questions = { asked: 0, disagreed: 0 };
  const compared = {
    "yes, by one binding": 0,
    "yes, by several": 0,
    "yes, without a reason": 0,
    no: 0,
    "no, with errors": 0,
    nobody: 0,
  };
  const worlds = { worlds: 0, manifests: 0 };
  return {
    pair: ({ accepted, ruling: { kept }, special: kind, mistaken, disagreement }) => {
      pairs.asked += 1;
      if (kind && kind !== "constrained") special[kind] += 1;
      if (mistaken !== undefined) pairs.mistaken += 1;
      if (disagreement !== undefined) pairs.disagreed += 1;
      else if (kept === accepted) agreed[accepted ? "accepted" : "refused"] += 1;
      else if (kind) excepted[kind] += 1;
    },
    webhook: (kept, agrees) => {
      webhook.asked += 1;
      if (kept) webhook.kept += 1;
      if (!agrees) webhook.disagreed += 1;
    },
    question: (result) => {
      questions.asked += 1;
      if (result.disagreement === undefined) compared[result.compared] += 1;
      else questions.disagreed += 1;
    },
    world: (manifests) => {
      worlds.worlds += 1;
      worlds.manifests += manifests;
    },
    disagreed: () => pairs.disagreed + webhook.disagreed + questions.disagreed,
    figures: (run) => ({
      ...run,
      ...worlds,
      pairs: { ...pairs, agreed, excepted, special },
      webhook,
      questions: { ...questions, agreed: compared },
    }),
  };
};

const row = (label: string, count: number, note = ""): string =>
  `  ${label.padEnd(44)}${String(count).padStart(8)}${note && `   ${note}`}`;

/** The figures on one page. */
export const pageOf = ({ version, seed, seconds, worlds, manifests, pairs, webhook, questions }: Figures): string => {
  const { agreed, excepted, special } = pairs;
  const answers = Object.entries(questions.agreed);
  return [
    `Kubernetes ${version}, seed ${seed}, ${worlds} worlds of ${Math.round(manifests / Math.max(1, worlds))} RBAC objects on average, ${seconds} s`,
    "",
    "May the requester become the declared identity: the API server's impersonation, and the rule",
    row("pairs", pairs.asked),
    row("agree: accepted and kept", agreed.accepted),
    row("agree: refused and not kept", agreed.refused),
    row("differ as documented: the requester itself", excepted.self, `of ${special.self}`),
    row("differ as documented: privileged values", excepted.privileged, `of ${special.privileged}`),
    row(
      "differ as documented: header-unsafe names",
      excepted.unsafe,
      `of ${special.unsafe}; ${pairs.mistaken} taken for another name`,
    ),
    row("differ as documented: constrained grants", excepted.constrained),
    row("DISAGREE", pairs.disagreed),
    "",
    "The same through the API server and the whole webhook, in a sample",
    row("objects", webhook.asked),
    row("kept", webhook.kept),
    row("DISAGREE with the rule", webhook.disagreed),
    "",
    "SubjectAccessReview, and lib/rbac over the same manifests",
    row("questions", questions.asked),
    ...answers.map(([what, count]) => row(`agree: ${what}`, count)),
    row("DISAGREE", questions.disagreed),
  ].join("\n");
};
