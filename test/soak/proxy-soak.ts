import { quantile } from "../bench/figures.ts";
import { goLoad } from "../bench/go-load.ts";
import { startProxyEnds } from "../bench/proxy-ends.ts";

export interface ProxySoakFigures {
  readonly seconds: number;
  readonly answers: number;
  readonly perSecond: number;
  /** MiB: the medians around a fifth of the time, and at its end. */
  readonly memory: { readonly early: number; readonly late: number; readonly most: number };
  /** Late by early. */
  readonly growth: number;
  readonly sockets: { readonly least: number; readonly most: number };
}

/**
 * Calls `npm run proxy` over both kinds of HTTP: small answers as fast as they come, by callers that are known and by new ones, lists of
 * 20 MB, and 100 watches that come and go. Rejects where a call fails.
 */
export const proxySoak = async (
  seconds: number,
  progress: (text: string) => void = () => {},
): Promise<ProxySoakFigures> => {
  const ends = await startProxyEnds();
  const door = await ends.serveDoor();
  const samples: { readonly at: number; readonly memory: number; readonly sockets: number }[] = [];
  const since = performance.now();
  const elapsed = (): number => (performance.now() - since) / 1_000;
  const sampling = setInterval(
    () => {
      const { memory = Number.NaN, sockets = Number.NaN } = door.cost();
      samples.push({ at: elapsed() / seconds, memory, sockets });
      progress(`${Math.round(elapsed())} s: ${Math.round(memory)} MiB, ${sockets} sockets`);
    },
    Math.max(500, seconds * 10),
  );
  const url = ["-url", door.url, "-ca", ends.caFile];
  const gets = ["-path", "/api/v1/namespaces/default/configmaps", "-parallel", "16"];
  const watch = ["-path", "/api/v1/events?watch=1", "-parallel", "100", "-count", "5"];
  let answers = 0;
  try {
    while (elapsed() < seconds)
      for (const front of [[], ["-http1"]])
        for (const args of [
          [...gets, "-count", "3000"],
          [...gets, "-count", "500", "-vary"],
          ["-path", "/api/v1/pods", "-parallel", "4", "-count", "8"],
          [...watch, "-broadcast", `${ends.upstream.url}/broadcast`],
        ])
          answers += (await goLoad([...url, ...front, ...args], () => {})).answers;
    const took = elapsed();
    const part = (from: number, to: number): readonly number[] =>
      samples.filter(({ at }) => at >= from && at <= to).map(({ memory }) => memory);
    const early = Math.round(quantile(part(0.15, 0.25), 0.5));
    const late = Math.round(quantile(part(0.9, Number.POSITIVE_INFINITY), 0.5));
    const sockets = samples.map((sample) => sample.sockets);
    return {
      seconds: Math.round(took),
      answers,
      perSecond: Math.round(answers / took),
      memory: { early, late, most: Math.round(quantile(part(0, Number.POSITIVE_INFINITY), 1)) },
      growth: Math.round((100 * late) / early) / 100,
      sockets: { least: quantile(sockets, 0), most: quantile(sockets, 1) },
    };
  } finally {
    clearInterval(sampling);
    await door.stop();
    await ends.stop();
  }
};
