import type { proxyMetrics } from "./proxy-metrics.ts";

/** The CloudWatch namespace of all metrics of the functions. */
export const namespace = "ImpersonationAdmission";

/** The dimension of every metric: the function's name, which keeps two deployments in one account apart. */
export const everywhere = "function";

/** All other dimensions. The deployment bounds their values: none is a name that a requester can choose. */
export type Dimension = "cluster" | "endpoint" | "decision" | "failure" | "status" | "refusal";

/** A unit of CloudWatch, and sets of dimensions besides the sum over all. CloudWatch charges for each combination of values. */
export type Definition = readonly [
  unit: "Count" | "Milliseconds" | "Seconds",
  ...by: readonly (readonly Dimension[])[],
];

/** The metrics of each function, and those of the webhook. Alarms, dashboard and documentation take their names from here; no other file spells one. */
export const metrics = {
  Decisions: ["Count", ["cluster", "endpoint", "decision"]],
  DecisionMilliseconds: ["Milliseconds", ["cluster", "endpoint"]],
  Questions: ["Count", ["cluster"]],
  QuestionMilliseconds: ["Milliseconds", ["cluster"]],
  Failures: ["Count", ["failure"], ["cluster", "failure"]],
  RefusedCalls: ["Count", ["status"]],
  ColdStarts: ["Count"],
  RegistryClusters: ["Count"],
  RegistryProblems: ["Count"],
  RegistryAgeSeconds: ["Seconds"],
  RefreshFailed: ["Count"],
} as const satisfies Readonly<Record<string, Definition>>;

export type Metric = keyof typeof metrics | keyof typeof proxyMetrics;

/** Values of one moment; a metric that has none is not counted. */
export type Measured = Readonly<Partial<Record<Metric, number>>>;

/**
 * The metadata that makes a line of JSON a document of the embedded metric format, in which CloudWatch Logs finds these metrics (Amazon
 * CloudWatch User Guide, "Specification: Embedded metric format"). Values and dimensions are members of the line itself; a set with a
 * dimension that the line lacks would make the document invalid, and is left out.
 *
 * @param now milliseconds since the epoch
 * @param definitions of all that is measured
 */
export function metadataOf(
  measured: Measured,
  line: object,
  now: number,
  definitions: Readonly<Partial<Record<Metric, Definition>>> = metrics,
): object {
  return {
    Timestamp: now,
    CloudWatchMetrics: (Object.keys(measured) as Metric[]).map((name) => {
      const [unit, ...by] = definitions[name] as Definition;
      return {
        Namespace: namespace,
        Dimensions: [[], ...by.filter((set) => set.every((key) => key in line))].map((set) => [everywhere, ...set]),
        Metrics: [{ Name: name, Unit: unit }],
      };
    }),
  };
}
