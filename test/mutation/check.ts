import type { Mutant } from "./mutant.ts";

/** Why a mutant needs no test. */
export interface Justified {
  readonly file: string;
  readonly code: string;
  readonly mutant: string;
  readonly why: string;
}

export interface Figures {
  readonly mutants: number;
  readonly killed: number;
  /** Justified mutants that never end. Any other that takes too long may only have met a busy machine. */
  readonly timeouts: number;
  /** Justified mutants that mean the same as the code. */
  readonly equivalent: number;
  readonly unjustified: number;
  /** How many percent are noticed, of those that mean something else than the code. */
  readonly score: number;
  /** Spent in tests. */
  readonly seconds: number;
}

export interface Checked {
  readonly rooms: Readonly<Record<string, Figures>>;
  readonly all: Figures;
  /** To be killed by a row in a test, made impossible by simpler code, or justified. */
  readonly unjustified: readonly Mutant[];
  /** What is justified and is not there any more, or is killed. */
  readonly stale: readonly Justified[];
}

/** Holds the mutants of some rooms of the library against what is justified in them. */
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
    stale: justified.filter((one) => rooms.includes(roomOf(one)) && !needed.some(({ mutant }) => isSame(mutant, one))),
  };
};

type Verdict = "killed" | "timeouts" | "equivalent" | "unjustified";

const verdictOf = (mutant: Mutant, justified: readonly Justified[]): Verdict => {
  // With the second one the code cannot even be loaded.
  if (mutant.status === "Killed" || mutant.status === "RuntimeError") return "killed";
  if (!justified.some((one) => isSame(mutant, one))) return "unjustified";
  return mutant.status === "Timeout" ? "timeouts" : "equivalent";
};

const figuresOf = (tried: readonly { readonly mutant: Mutant; readonly verdict: Verdict }[]): Figures => {
  const count = (verdict: Verdict): number => tried.filter((one) => one.verdict === verdict).length;
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

const isSame = (mutant: Mutant, one: Justified): boolean =>
  mutant.file === one.file && mutant.code === one.code && mutant.mutant === one.mutant;

/** `lib/<room>/...` */
export const roomOf = ({ file }: { readonly file: string }): string => file.split("/")[1] ?? "";
