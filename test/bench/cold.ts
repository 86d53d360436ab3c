import { startInstance } from "../runtime/instance.ts";
import { eventOf, permittedReview } from "./events.ts";
import { compared, type Figures, median, type Row, rounded } from "./figures.ts";
import type { Variant, Variants } from "./variants.ts";

interface Start {
  readonly init: number;
  readonly cpu: number;
  /** From the event to the answer; NaN without an answer. */
  readonly first: number;
}

const start = async (variant: Variant): Promise<Start> => {
  const { initMilliseconds: init, initCpuMilliseconds: cpu = Number.NaN, invoke, stop } = await startInstance(variant);
  try {
    if (!variant.answers) return { init, cpu, first: Number.NaN };
    const since = performance.now();
    await invoke(eventOf(permittedReview));
    return { init, cpu, first: performance.now() - since };
  } finally {
    await stop();
  }
};

const rowOf = ({ name, bytes }: Variant, starts: readonly Start[]): Row => {
  const of = (key: keyof Start) => starts.map((each) => each[key]);
  const [init, first] = [median(of("init")), median(of("first"))];
  return {
    variant: name,
    values: {
      bytes,
      "init ms": rounded(init),
      "min ms": rounded(Math.min(...of("init"))),
      "CPU ms": rounded(median(of("cpu"))),
      ...(Number.isNaN(first) ? {} : { "first answer ms": rounded(first), "both ms": rounded(init + first) }),
    },
  };
};

/** Starts every variant once in each round, in alternating order, so that other load on the machine affects them equally. */
export const coldStarts = async (
  { empty, middy, bareHttps, clientNode, bare, oursCold, ours }: Variants["variants"],
  rounds: number,
): Promise<Figures> => {
  const variants = [empty, middy, bareHttps, clientNode, bare, oursCold, ours];
  const starts = new Map<Variant, Start[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round <= rounds; round++)
    for (const variant of round % 2 ? variants : variants.toReversed()) {
      const result = await start(variant);
      // The first round reads from disk.
      if (round > 0) starts.get(variant)?.push(result);
    }
  const rows = variants.map((variant) => rowOf(variant, starts.get(variant) ?? []));
  const [base] = rows as [Row];
  return {
    name: "cold",
    title: "cold start",
    against: "an empty function",
    how: `${rounds} starts of each under the Lambda runtime client, medians; the first answer takes one SubjectAccessReview over a new connection, which ours opens in its init. Ratios are of init ms.`,
    rows: rows.map((row) => {
      if (row === base) return row;
      if (row.variant === ours.name) return compared(row, base, "init ms");
      return compared(row, base, "init ms", row.variant.startsWith("ours") ? { goal: 1.3 } : { peer: true });
    }),
  };
};
