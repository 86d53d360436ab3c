import type { Came, CaseResult } from "./check.ts";
import type { Exception } from "./exceptions.ts";
import type { Sort } from "./write.ts";

/** What came of one sort of writes. */
export interface SortFigures {
  readonly asked: number;
  /** The function, the twins and both of them come to the same. */
  readonly agreed: Readonly<Record<Came, number>>;
  /** Of those that all refuse: the status code differs, and is meant to. */
  readonly codes: number;
  readonly disagreed: number;
}

/** What a run found. */
export interface Figures {
  readonly version: string;
  /** Whether the twins set the field, or only refuse. */
  readonly sets: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly worlds: number;
  readonly writes: Readonly<Record<Sort, SortFigures>>;
  /** Writes that CEL may take for a change, and those of them where the twins refuse what the function leaves alone. */
  readonly special: Readonly<Record<Exception, { readonly asked: number; readonly differ: number }>>;
}

/** Counts as results come in. */
export interface Tally {
  readonly add: (result: CaseResult) => void;
  readonly disagreed: () => number;
  readonly figures: (run: Omit<Figures, "writes" | "special">) => Figures;
}

export const newTally = (): Tally => {
  const empty = () => ({ asked: 0, agreed: { kept: 0, set: 0, refused: 0 }, codes: 0, disagreed: 0 });
  const writes = { create: empty(), update: empty(), status: empty() };
  const special = { number: { asked: 0, differ: 0 }, children: { asked: 0, differ: 0 } };
  return {
    add: ({ sort, came, special: exception, differs, codesDiffer, disagreement }) => {
      const figures = writes[sort];
      figures.asked += 1;
      if (exception) special[exception].asked += 1;
      if (disagreement !== undefined) figures.disagreed += 1;
      else if (exception && differs) special[exception].differ += 1;
      else figures.agreed[came] += 1;
      if (codesDiffer) figures.codes += 1;
    },
    disagreed: () => Object.values(writes).reduce((sum, { disagreed }) => sum + disagreed, 0),
    figures: (run) => ({ ...run, writes, special }),
  };
};

const row = (label: string, count: number, note = ""): string =>
  `  ${label.padEnd(52)}${String(count).padStart(8)}${note && `   ${note}`}`;

const titles: Readonly<Record<Sort, string>> = {
  create: "CREATE of random objects",
  update: "UPDATE of stored objects",
  status: "Writes of their status",
};

/** The figures on one page. */
export const pageOf = ({ version, sets, seed, seconds, worlds, writes, special }: Figures): string => {
  const rowsOf = (sort: Sort): readonly string[] => {
    const { asked, agreed, codes, disagreed } = writes[sort];
    const exception = sort === "update" ? special.number : sort === "status" ? special.children : undefined;
    const what = sort === "update" ? "a number written otherwise" : "odd status.children";
    return [
      "",
      titles[sort],
      row("writes", asked),
      row("agree: allowed as they are", agreed.kept),
      ...(sort === "status" || !sets ? [] : [row("agree: set to the requester", agreed.set)]),
      row("agree: refused", agreed.refused, codes > 0 ? `${codes} with 422 and 403, for the requester's own name` : ""),
      ...(exception ? [row(`differ as documented: ${what}`, exception.differ, `of ${exception.asked}`)] : []),
      row("DISAGREE", disagreed),
    ];
  };
  return [
    `Kubernetes ${version}, seed ${seed}, ${worlds} worlds, ${seconds} s`,
    `The function, the twins, and both beside each other; a policy that ${sets ? "sets the field" : "only refuses"}`,
    ...(["create", "update", "status"] as const).flatMap(rowsOf),
  ].join("\n");
};
