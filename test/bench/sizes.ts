import type { Context } from "aws-lambda";
import { loadBundle } from "../../infra/build/load-bundle.ts";
import { policyOf } from "../../infra/command-line/policy-of.ts";
import { reviewText, template } from "../support/reviews.ts";
import { callerKey, eventOf } from "./events.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";

const KB = 1024;
const sizes = [5 * KB, 50 * KB, 500 * KB, 2.8 * KB * KB] as const;

/** A child as in Razee's templates: a few fields and some text. */
const configMap = (index: number) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `settings-${index}`, namespace: "team-a", labels: { app: "demo", part: String(index) } },
  data: { "application.yaml": `# part ${index}\n${"greeting: hello\n".repeat(40)}` },
});

const objectOf = (bytes: number) => {
  const each = JSON.stringify(configMap(0)).length + 1;
  const templates = Array.from({ length: Math.max(1, Math.floor(bytes / each)) }, (_, index) => configMap(index));
  const { spec, ...rest } = template("bob");
  return { ...rest, spec: { ...spec, templates } };
};

interface Shape {
  readonly name: string;
  readonly reviewOf: (bytes: number) => string;
}

const shapes: readonly Shape[] = [
  {
    name: "CREATE",
    reviewOf: (bytes) => reviewText({ object: objectOf(bytes) }),
  },
  {
    name: "UPDATE of a label",
    reviewOf: (bytes) => {
      const oldObject = objectOf(bytes / 2);
      const object = { ...oldObject, metadata: { ...oldObject.metadata, labels: { new: "yes" } } };
      return reviewText({ operation: "UPDATE", object, oldObject });
    },
  },
];

const label = (bytes: number): string =>
  bytes < KB * KB ? `${Math.round(bytes / KB)} KB` : `${(bytes / KB / KB).toFixed(1)} MB`;

const context = { getRemainingTimeInMillis: () => 30_000 } as Context;

const newHandler = async () => {
  const { createHandler, hashOfKey } = await loadBundle();
  const demo = {
    name: "demo",
    keys: [hashOfKey(callerKey)],
    policy: policyOf("razee"),
    ask: async () => [{ allowed: true, reason: "" }],
  };
  return createHandler({ registry: { clusters: new Map([["demo", demo]]), problems: [] }, log: () => {} });
};

/** The whole function, from an event to its answer, compared with the least work of any webhook: JSON.parse of the same text. */
export const reviewSizes = async (rounds: number): Promise<Figures> => {
  const handler = await newHandler();
  const rows: Row[] = [];
  for (const bytes of sizes)
    for (const { name, reviewOf } of shapes) {
      const text = reviewOf(bytes);
      const event = eventOf(text);
      const times: { readonly parse: number[]; readonly all: number[] } = { parse: [], all: [] };
      const repeats = Math.max(rounds, Math.ceil((rounds * 50 * KB) / bytes));
      const parse = async () => void JSON.parse(text);
      const all = async () => {
        const { statusCode } = (await handler(event, context)) as { readonly statusCode: number };
        if (statusCode !== 200) throw new Error(`${name}: ${statusCode}`);
      };
      // Both run first equally often, so each collects the other's garbage as often.
      const laps = [
        { run: parse, times: times.parse },
        { run: all, times: times.all },
      ];
      for (let round = -repeats; round < repeats; round++)
        for (const lap of round % 2 ? laps : laps.toReversed()) {
          const start = performance.now();
          await lap.run();
          if (round >= 0) lap.times.push(performance.now() - start);
        }
      const row = (variant: string, all: readonly number[]): Row => ({
        variant,
        values: { "p50 ms": rounded(quantile(all, 0.5)), "p99 ms": rounded(quantile(all, 0.99)) },
      });
      const base = row(`JSON.parse: ${name}, ${label(bytes)}`, times.parse);
      const largest = bytes === sizes.at(-1);
      rows.push(base);
      rows.push(
        compared(row(`ours: ${name}, ${label(bytes)}`, times.all), base, "p50 ms", largest ? { goal: 1.3 } : {}),
      );
    }
  return {
    name: "sizes",
    title: "whole function, by the size of the review",
    against: "JSON.parse of its text",
    how: `At least ${rounds} runs of each, in turns, in one process; questions are answered at once. Ratios are of p50 ms.`,
    rows,
  };
};
