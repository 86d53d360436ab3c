import { fullName, type ServerMetricName, serverMetrics } from "../../functions/server/server-metrics.ts";

/** Selects the series of a metric. Matchers are written as in PromQL. */
function series(name: ServerMetricName, matchers: readonly string[], suffix = ""): string {
  return `${fullName(name)}${suffix}${matchers.length > 0 ? `{${matchers.join(",")}}` : ""}`;
}

/** How the queries of one place select their series, and over which time they look. */
export interface Scope {
  readonly matchers: readonly string[];
  readonly window: string;
}

/** Queries over the metrics of the server. A label that a metric has not is an error of the compiler's, or throws. */
export function queriesIn({ matchers, window }: Scope) {
  const sumBy = (labels: readonly string[], what: string): string =>
    labels.length === 0 ? `sum(${what})` : `sum by (${labels.join(", ")}) (${what})`;
  const checked = (name: ServerMetricName, labels: readonly string[]): void => {
    const known: readonly string[] = serverMetrics[name].labels;
    for (const label of labels) if (!known.includes(label)) throw new Error(`${name} has no label ${label}`);
  };
  const rateOf = (name: ServerMetricName, more: readonly string[], suffix?: string): string =>
    `rate(${series(name, [...matchers, ...more], suffix)}[${window}])`;
  return {
    /** Of a counter, a second. */
    rate: (name: ServerMetricName, by: readonly string[] = [], more: readonly string[] = []): string => {
      checked(name, by);
      return sumBy(by, rateOf(name, more));
    },
    /** Of a histogram. */
    quantile: (share: number, name: ServerMetricName, by: readonly string[] = []): string => {
      checked(name, by);
      return `histogram_quantile(${share}, ${sumBy(["le", ...by], rateOf(name, [], "_bucket"))})`;
    },
    sum: (name: ServerMetricName, by: readonly string[] = []): string => {
      checked(name, by);
      return sumBy(by, series(name, matchers));
    },
    /** Of all servers, the least or the greatest. */
    extreme: (which: "min" | "max", name: ServerMetricName, by: readonly string[] = []): string => {
      checked(name, by);
      return `${which}${by.length > 0 ? ` by (${by.join(", ")})` : ""} (${series(name, matchers)})`;
    },
  };
}
