import { setTimeout as sleep } from "node:timers/promises";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { quantile } from "../bench/figures.ts";
import type { OwnCluster } from "../cluster/world/own-cluster.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { permitted, replaced, self } from "./calls.ts";
import { load } from "./load.ts";
import { serveProcess } from "./served.ts";

/** A sample of the server: MiB of resident memory, and open sockets. */
export interface Sample {
  readonly second: number;
  readonly memory: number;
  readonly sockets: number;
}

export interface SoakFigures {
  readonly seconds: number;
  readonly answers: number;
  readonly perSecond: number;
  readonly milliseconds: { readonly p50: number; readonly p99: number; readonly most: number };
  /** The errors of answers, and how often each occurred. */
  readonly errors: Readonly<Record<string, number>>;
  /** MiB: the medians of the second and of the last fifth of the time, and the maximum. */
  readonly memory: { readonly early: number; readonly late: number; readonly most: number };
  /** Open sockets, before the first call and at most from the second fifth of the time on. */
  readonly sockets: { readonly idle: number; readonly most: number };
  readonly samples: readonly Sample[];
}

/** The answers that warm the server up, and the fewest that are counted. */
const leastAnswers = 500;

export interface SoakOptions {
  readonly cluster: OwnCluster;
  readonly seconds: number;
  readonly connections?: number;
  readonly progress?: (sample: Sample) => void;
}

/**
 * Calls `npm start` as fast as it answers, over kept connections; two of three reviews ask a real kube-apiserver. Every answer is checked.
 */
export const soak = async ({ cluster, seconds, connections = 8, progress }: SoakOptions): Promise<SoakFigures> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const server = await serveProcess("infra/cli.ts", [
    "start",
    ...["--port", "0", "--kubeconfig", cluster.kubeconfigOf(webhookUser), "--context", "cluster"],
    ...["--tls-cert", cluster.file("soak.crt", cert), "--tls-key", cluster.file("soak.key", key)],
  ]);
  const samples: Sample[] = [];
  const every = Math.max(0.5, seconds / 100);
  let running = true;
  const watch = async (): Promise<void> => {
    const since = performance.now();
    while (running) {
      await sleep(every * 1_000, undefined, { ref: false });
      const { memory = Number.NaN, sockets = Number.NaN } = server.cost();
      const sample = { second: Math.round((performance.now() - since) / 1_000), memory: Math.round(memory), sockets };
      if (running) samples.push(sample);
      progress?.(sample);
    }
  };
  try {
    const { sockets: idle = Number.NaN } = server.cost();
    const how = { url: server.url, ca, calls: [permitted, replaced, self], connections, leastAnswers };
    await load({ ...how, seconds: 0 });
    const watching = watch();
    const { answers, latencies, errors, ...took } = await load({ ...how, seconds });
    running = false;
    await watching;
    const part = (from: number, to: number, of: "memory" | "sockets"): readonly number[] =>
      samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)).map((sample) => sample[of]);
    return {
      seconds: Math.round(took.seconds),
      answers,
      perSecond: Math.round(answers / took.seconds),
      milliseconds: {
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        most: quantile(latencies, 1),
      },
      errors,
      memory: {
        early: quantile(part(0.2, 0.4, "memory"), 0.5),
        late: quantile(part(0.8, 1, "memory"), 0.5),
        most: quantile(part(0, 1, "memory"), 1),
      },
      sockets: { idle, most: quantile(part(0.2, 1, "sockets"), 1) },
      samples,
    };
  } finally {
    running = false;
    await server.stop();
  }
};
