import type { Mutant } from "./mutant.ts";

/** A mutant that needs no test, and the reason. */
export interface Justified {
  readonly file: string;
  readonly code: string;
  readonly mutant: string;
  readonly why: string;
}

export interface Figures {
  readonly mutants: number;
  readonly killed: number;
  /** Justified mutants that never end. Another mutant may time out only because the machine was busy. */
  readonly timeouts: number;
  /** Justified mutants that behave like the code. */
  readonly equivalent: number;
  readonly unjustified: number;
  /** The percentage of killed mutants among those that do not behave like the code. */
  readonly score: number;
  /** The time spent in tests. */
  readonly seconds: number;
}

export interface Checked {
  readonly rooms: Readonly<Record<string, Figures>>;
  readonly all: Figures;
  /** Mutants that a new test row must kill, simpler code must rule out, or a justification must explain. */
  readonly unjustified: readonly Mutant[];
  /** Justifications of mutants that no longer exist or are killed. */
  readonly stale: readonly Justified[];
}

/** Compares the mutants of some rooms of the library with the justifications for these rooms. */
export const check = (
  rooms: readonly string[],
  mutants: readonly Mutant[],
  justified: readonly Justified[],
): Checked => {
  const tried = mutants.map((mutant) => ({ mutant, verdict: verdictOf(mutant, justified) }));
  const inRooms = tried.filter(({ mutant }) => rooms.includes(roomOf(mutant)));
  const needed = inRooms.filter(({ verdict }) => verdict !== "killed");
  return {
    rooms: Object.fromEntries(
      rooms.map((room) => [room, figuresOf(inRooms.filter(({ mutant }) => roomOf(mutant) === room))]),
    ),
    all: figuresOf(inRooms),
    unjustified: needed.filter(({ verdict }) => verdict === "unjustified").map(({ mutant }) => mutant),
    stale: justified.filter(
      (entry) => rooms.includes(roomOf(entry)) && !needed.some(({ mutant }) => isSame(mutant, entry)),
    ),
  };
};

type Verdict = "killed" | "timeouts" | "equivalent" | "unjustified";

const verdictOf = (mutant: Mutant, justified: readonly Justified[]): Verdict => {
  // RuntimeError: the changed code cannot be loaded.
  if (mutant.status === "Killed" || mutant.status === "RuntimeError") return "killed";
  if (!justified.some((entry) => isSame(mutant, entry))) return "unjustified";
  return mutant.status === "Timeout" ? "timeouts" : "equivalent";
};

const figuresOf = (tried: readonly { readonly mutant: Mutant; readonly verdict: Verdict }[]): Figures => {
  const count = (verdict: Verdict): number => tried.filter((each) => each.verdict === verdict).length;
  const [killed, timeouts, equivalent] = [count("killed"), count("timeouts"), count("equivalent")];
  const different = tried.length - equivalent;
  return {
    mutants: tried.length,
    killed,
    timeouts,
    equivalent,
    unjustified: count("unjustified"),
    score: different === 0 ? 100 : (100 * (killed + timeouts)) / different,
    seconds: tried.reduce((sum, { mutant }) => sum + mutant.milliseconds, 0) / 1000,
  };
};

const isSame = (mutant: Mutant, entry: Justified): boolean =>
  mutant.file === entry.file && mutant.code === entry.code && mutant.mutant === entry.mutant;

/** `lib/<room>/...` */
export const roomOf = ({ file }: { readonly file: string }): string => file.split("/")[1] ?? "";
