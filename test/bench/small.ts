import { startInstance } from "../runtime/instance.ts";
import { type CpuQuota, cpuQuota } from "../support/cpu-quota.ts";
import { eventOf, permittedReview } from "./events.ts";
import { compared, type Figures, median, type Row, rounded } from "./figures.ts";
import type { Variant, Variants } from "./variants.ts";

/** The share of a core of a 512 MB function: Lambda gives one core for 1,769 MB. A function has a whole core while it starts. */
const share = 0.29;
const invocations = 10;

interface Life {
  readonly init: number;
  /** From each event to its answer. */
  readonly answers: readonly number[];
}

const live = async (variant: Variant, quota: CpuQuota): Promise<Life> => {
  const { pid, initMilliseconds: init, invoke, stop } = await startInstance(variant);
  try {
    quota.hold(pid);
    const answers: number[] = [];
    while (answers.length < invocations) {
      const since = performance.now();
      await invoke(eventOf(permittedReview));
      answers.push(performance.now() - since);
    }
    return { init, answers };
  } finally {
    await stop();
  }
};

const rowOf = ({ name }: Variant, lives: readonly Life[]): Row => {
  const nth = (index: number) => rounded(median(lives.map(({ answers }) => answers[index] ?? Number.NaN)));
  return {
    variant: name,
    values: {
      "init ms": rounded(median(lives.map(({ init }) => init))),
      "first ms": nth(0),
      "second ms": nth(1),
      "tenth ms": nth(9),
      "init + first ms": rounded(median(lives.map(({ init, answers: [first = Number.NaN] }) => init + first))),
    },
  };
};

/** The row of one variant: its first answer compared with its tenth. */
const firstOf = ({ values }: Row): Row => {
  const [first = Number.NaN, tenth = Number.NaN] = [values["first ms"], values["tenth ms"]];
  const ratio = rounded(first / tenth);
  return { variant: "ours: first answer, of the tenth", values: {}, of: "its tenth", ratio, goal: 1.4 };
};

const measured = async (variants: readonly Variant[], rounds: number, quota: CpuQuota): Promise<readonly Row[]> => {
  const lives = new Map<Variant, Life[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round <= rounds; round++)
    for (const variant of round % 2 ? variants : variants.toReversed()) {
      const life = await live(variant, quota);
      // The first round reads from disk.
      if (round > 0) lives.get(variant)?.push(life);
    }
  return variants.map((variant) => rowOf(variant, lives.get(variant) ?? []));
};

const quotaOrReason = (): CpuQuota | string => {
  try {
    return cpuQuota(share);
  } catch (error) {
    return `NOT MEASURED: no cgroup can be made here (${(error as Error).message}); it takes Linux and root`;
  }
};

/** The first answers of a small function: a whole core for its init, a share of one from then on. */
export const smallFunction = async (
  { empty, bareHttps, bareHttpsWarm, oursCold, ours }: Variants["variants"],
  rounds: number,
): Promise<Figures> => {
  const heading = { name: "small", title: `a function with ${share} of a core`, against: "itself, not warmed" };
  const quota = quotaOrReason();
  if (typeof quota === "string") {
    process.stderr.write(`\n*** ${quota}.\n*** The first answer of a small function was not measured.\n\n`);
    return { ...heading, how: quota, rows: [] };
  }
  try {
    const rows = await measured([empty, bareHttps, bareHttpsWarm, oursCold, ours], rounds, quota);
    const [nothing, byHand, byHandWarm, cold, warm] = rows as [Row, Row, Row, Row, Row];
    return {
      ...heading,
      how: `${rounds} starts of each under the Lambda runtime client, medians; from the first event on a cgroup gives the instance ${share} of a core, and one call follows the other. Ratios are of init + first ms, the last one of the first answer to the tenth.`,
      rows: [
        nothing,
        byHand,
        compared(byHandWarm, byHand, "init + first ms", { peer: true }),
        cold,
        compared(warm, cold, "init + first ms", { goal: 0.85 }),
        firstOf(warm),
      ],
    };
  } finally {
    quota.remove();
  }
};
