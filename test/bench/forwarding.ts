import type { ServedProcess } from "../soak/served.ts";
import { compared, type Figures, median, type Row, rounded } from "./figures.ts";
import { type GoLoad, goLoad } from "./go-load.ts";
import { startProxyEnds } from "./proxy-ends.ts";

/** One round of a measurement. */
interface Sample extends GoLoad {
  /** CPU milliseconds of the measured program. */
  readonly cpu: number;
  /** MiB of it, at the end. */
  readonly memory: number;
  /** kB of it for each watch. */
  readonly kilobytes: number;
}

interface Target {
  readonly name: string;
  readonly url: string;
  /** The program whose CPU and memory are measured; undefined where the API server is called directly. */
  readonly server: ServedProcess | undefined;
  readonly vary?: boolean;
}

const watches = 500;
const fronts = ["HTTP/2", "HTTP/1.1"] as const;
type Front = (typeof fronts)[number];

const go = "Go's ReverseProxy";
const ours = "ours, forwarding alone";

/**
 * The proxy compared with Go's `httputil.ReverseProxy`, and with no proxy, in front of the same server in Go, called by the same client in
 * Go. All programs share the cores of this machine. One round measures each of them once, one after the other.
 *
 * @param rounds of each measurement
 */
export const forwarding = async (rounds: number): Promise<readonly Figures[]> => {
  const ends = await startProxyEnds();
  const { caFile, upstream } = ends;
  const peer = await ends.servePeer();
  const forwarder = await ends.serveForwarder();
  const door = await ends.serveDoor();
  const direct: Target = { name: "direct", url: upstream.url, server: undefined };
  const base: Target = { name: go, url: peer.url, server: peer };
  const alone: Target = { name: ours, url: forwarder.url, server: forwarder };
  const cached: Target = { name: "ours, the whole door, known caller and question", url: door.url, server: door };
  const uncached: Target = {
    name: "ours, the whole door, both asked each time",
    url: door.url,
    server: door,
    vary: true,
  };

  const sample = async (target: Target, front: Front, args: readonly string[]): Promise<Sample> => {
    const shared = [
      ...["-url", target.url, "-ca", caFile],
      ...(front === "HTTP/1.1" ? ["-http1"] : []),
      ...(target.vary ? ["-vary"] : []),
    ];
    const before = target.server?.cost().cpu ?? 0;
    const idle = target.server?.cost().memory ?? 0;
    let opened = idle;
    const isWatch = args.includes("-broadcast");
    const result = await goLoad(
      [...shared, ...args],
      isWatch
        ? () => {
            opened = target.server?.cost().memory ?? 0;
          }
        : undefined,
    );
    return {
      ...result,
      cpu: (target.server?.cost().cpu ?? 0) - before,
      memory: target.server?.cost().memory ?? 0,
      kilobytes: ((opened - idle) * 1024) / watches,
    };
  };

  /** All targets over both fronts, in turns, after rounds that are not counted. */
  const measure = async (targets: readonly Target[], args: readonly string[], times: number, warming = 1) => {
    const samples = new Map<string, Sample[]>();
    for (let round = 1 - warming; round <= times; round += 1)
      for (const target of targets)
        for (const front of fronts) {
          const key = `${target.name}, ${front}`;
          const one = await sample(target, front, args);
          if (round > 0) samples.set(key, [...(samples.get(key) ?? []), one]);
        }
    return samples;
  };

  const sum = (samples: readonly Sample[], of: keyof Sample): number =>
    samples.reduce((total, one) => total + one[of], 0);
  const middle = (samples: readonly Sample[], of: keyof Sample): number => median(samples.map((one) => one[of]));

  /** The rows of a table whose ratio is that of one column. */
  const table = (
    samples: ReadonlyMap<string, readonly Sample[]>,
    valuesOf: (samples: readonly Sample[], isDirect: boolean) => Readonly<Record<string, number>>,
    column: string,
    goals: Readonly<Record<Front, number>>,
  ): readonly Row[] => {
    const rows = [...samples].map(([variant, each]): Row => {
      const isDirect = variant.startsWith(direct.name);
      const values = Object.entries(valuesOf(each, isDirect)).map(([name, value]) => [name, rounded(value)] as const);
      return {
        variant,
        values: Object.fromEntries(values),
        ...((isDirect || variant.startsWith(go)) && { peer: true }),
      };
    });
    return rows.map((row) => {
      const front = fronts.find((each) => row.variant.endsWith(`, ${each}`)) ?? "HTTP/2";
      const reference = rows.find(({ variant }) => variant === `${go}, ${front}`);
      if (reference === undefined || row.peer) return row;
      return compared(row, reference, column, row.variant.startsWith(ours) ? { goal: goals[front] } : {});
    });
  };

  try {
    const gets = ["-path", "/api/v1/namespaces/default/configmaps"];
    // First, because a process that has answered much keeps memory that watches then use.
    await measure([base, alone, cached], [...gets, "-parallel", "32", "-count", "2000"], 1, 0);
    const watched = await measure(
      [direct, base, alone, cached],
      [
        ...["-path", "/api/v1/events?watch=1", "-broadcast", `${upstream.url}/broadcast`],
        ...["-parallel", String(watches), "-count", "20"],
      ],
      Math.ceil(rounds / 2),
      0,
    );
    const many = await measure(
      [direct, base, alone, cached, uncached],
      [...gets, "-parallel", "32", "-count", "3000"],
      rounds,
      3,
    );
    const single = await measure(
      [direct, base, alone, cached, uncached],
      [...gets, "-count", "500"],
      Math.ceil(rounds / 2),
    );
    const lists = await measure([direct, base, alone, cached], ["-path", "/api/v1/pods", "-count", "15"], rounds);
    const cpuOf = (each: readonly Sample[], isDirect: boolean): Readonly<Record<string, number>> =>
      isDirect ? {} : { "CPU us": (1_000 * sum(each, "cpu")) / sum(each, "answers") };
    const against = go;
    return [
      {
        ...{ name: "proxy", title: "GETs of 2 kB, 32 at a time: CPU", against },
        how: `${rounds} x 3000 GETs, in turns; CPU time of the proxy alone. Over HTTP/2 all on one connection, over HTTP/1.1 on 32.`,
        rows: table(
          many,
          (each, isDirect) => ({
            ...cpuOf(each, isDirect),
            "answers/s": sum(each, "answers") / sum(each, "seconds"),
            ...(!isDirect && { MiB: middle(each, "memory") }),
          }),
          "CPU us",
          { "HTTP/2": 1.4, "HTTP/1.1": 1.4 },
        ),
      },
      {
        ...{ name: "proxy", title: "the same: latency", against },
        how: "Medians over the rounds. Client, proxy and server share the cores.",
        rows: table(many, (each) => ({ "p50 ms": middle(each, "p50"), "p99 ms": middle(each, "p99") }), "p50 ms", {
          "HTTP/2": 1.2,
          "HTTP/1.1": 1.2,
        }),
      },
      {
        ...{ name: "proxy", title: "one GET after the other: latency", against },
        how: `${Math.ceil(rounds / 2)} x 500 GETs; medians over the rounds.`,
        rows: table(
          single,
          (each, isDirect) => ({
            "p50 ms": middle(each, "p50"),
            "p99 ms": middle(each, "p99"),
            ...cpuOf(each, isDirect),
          }),
          "p50 ms",
          { "HTTP/2": 1.2, "HTTP/1.1": 1.2 },
        ),
      },
      {
        ...{ name: "proxy", title: "a list of 20 MB", against },
        how: `${rounds} x 15 lists. At most 1.18 x the CPU time is at least 0.85 x the bytes for each core-second.`,
        rows: table(
          lists,
          (each, isDirect) => ({
            ...(!isDirect && {
              "CPU ms": sum(each, "cpu") / sum(each, "answers"),
              "MB per core-second": sum(each, "bytes") / 1e3 / sum(each, "cpu"),
            }),
            "MB/s": sum(each, "bytes") / 1e6 / sum(each, "seconds"),
            ...(!isDirect && { MiB: middle(each, "memory") }),
          }),
          "CPU ms",
          { "HTTP/2": 1.18, "HTTP/1.1": 1.18 },
        ),
      },
      {
        ...{ name: "proxy", title: `${watches} watches`, against },
        how: `${watches} connections with a watch each, 20 events of 900 bytes to all of them, ${Math.ceil(rounds / 2)} times; latency from the server's writing to the client's reading. Goal for memory: 130 kB each.`,
        rows: table(
          watched,
          (each, isDirect) => ({
            "p50 ms": middle(each, "p50"),
            "p99 ms": middle(each, "p99"),
            ...(!isDirect && {
              "kB each": middle(each, "kilobytes"),
              "most kB each": Math.max(...each.map(({ kilobytes }) => kilobytes)),
              "CPU ms": sum(each, "cpu") / each.length / 20,
            }),
          }),
          "p99 ms",
          { "HTTP/2": 1.8, "HTTP/1.1": 1.5 },
        ),
      },
    ];
  } finally {
    await Promise.all([peer, forwarder, door].map(({ stop }) => stop()));
    await ends.stop();
  }
};
