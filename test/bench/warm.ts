import { type Instance, startInstance } from "../runtime/instance.ts";
import { eventOf, permittedReview, selfReview } from "./events.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";
import type { Variant, Variants } from "./variants.ts";

interface Lap {
  readonly name: string;
  readonly variant: Variant;
  readonly review: string;
}

/** Invocations of one function in its turn, and the uncounted ones before them, which find caches full of other functions' data. */
const [inTurn, warmUp] = [25, 10];

const measured = async (laps: readonly Lap[], rounds: number): Promise<readonly Row[]> => {
  const instances = new Map<Variant, Instance>();
  for (const { variant } of laps) if (!instances.has(variant)) instances.set(variant, await startInstance(variant));
  const times = new Map<Lap, number[]>(laps.map((lap) => [lap, []]));
  try {
    for (let turn = 0; turn * inTurn < rounds; turn++)
      for (const lap of turn % 2 ? laps : laps.toReversed())
        for (let nth = -warmUp; nth < inTurn; nth++) {
          const event = eventOf(lap.review);
          const since = performance.now();
          await instances.get(lap.variant)?.invoke(event);
          if (nth >= 0) times.get(lap)?.push(performance.now() - since);
        }
  } finally {
    for (const instance of instances.values()) await instance.stop();
  }
  return laps.map((lap) => {
    const all = times.get(lap) ?? [];
    const values = { "p50 ms": rounded(quantile(all, 0.5)), "p99 ms": rounded(quantile(all, 0.99)) };
    return { variant: lap.name, values };
  });
};

/** Invokes running instances, one invocation after the other. */
export const warmDecisions = async (
  { echo, bareHttps, clientNode, ours }: Variants["variants"],
  rounds: number,
): Promise<Figures> => {
  const rows = await measured(
    [
      { name: echo.name, variant: echo, review: selfReview },
      { name: "ours, nothing to ask", variant: ours, review: selfReview },
      { name: bareHttps.name, variant: bareHttps, review: permittedReview },
      { name: "ours, one SAR", variant: ours, review: permittedReview },
      { name: clientNode.name, variant: clientNode, review: permittedReview },
    ],
    rounds,
  );
  const [bare, oursWithout, withSar, oursWithSar, documented] = rows as [Row, Row, Row, Row, Row];
  return {
    name: "warm",
    title: "warm decision",
    against: "an echo that asks the same by hand",
    how: `${rounds} invocations of each under the Lambda runtime client, ${inTurn} in turn; the SubjectAccessReviews go to a real kube-apiserver. Ratios are of p50 ms.`,
    rows: [
      bare,
      compared(oursWithout, bare, "p50 ms"),
      withSar,
      compared(oursWithSar, withSar, "p50 ms", { goal: 1.15 }),
      compared(documented, withSar, "p50 ms", { peer: true }),
    ],
  };
};
