/** CloudWatch's name of everything that is counted here. */
export const namespace = "ImpersonationAdmission";

/** What stands with every metric: the name of the function, so that two deployments in one account stay apart. */
export const everywhere = "function";

/** What metrics are told apart by. All are bounded by the deployment: none is a name that a requester can choose. */
export type Dimension = "cluster" | "endpoint" | "decision" | "failure" | "status";

/**
 * A unit of CloudWatch, and sets of dimensions besides the sum over all. Each combination of values is a metric that is paid for.
 */
type Definition = readonly [unit: "Count" | "Milliseconds" | "Seconds", ...by: readonly (readonly Dimension[])[]];

/** All metrics. Alarms, dashboard and documentation take their names from here; nothing else spells one. */
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

export type Metric = keyof typeof metrics;

/** Values of one moment; a metric that has none is not counted. */
export type Measured = Readonly<Partial<Record<Metric, number>>>;

/**
 * The metadata that makes a line of JSON a document of the embedded metric format, in which CloudWatch Logs finds these metrics (Amazon
 * CloudWatch User Guide, "Specification: Embedded metric format"). Values and dimensions are members of the line itself; a set of
 * dimensions that it has not all of would void the document, and is left out.
 *
 * @param now milliseconds since the epoch
 */
export function metadataOf(measured: Measured, line: object, now: number): object {
  return {
    Timestamp: now,
    CloudWatchMetrics: (Object.keys(measured) as Metric[]).map((name) => {
      const [unit, ...by]: Definition = metrics[name];
      return {
        Namespace: namespace,
        Dimensions: [[], ...by.filter((set) => set.every((key) => key in line))].map((set) => [everywhere, ...set]),
        Metrics: [{ Name: name, Unit: unit }],
      };
    }),
  };
}
