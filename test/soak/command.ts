import { readArguments, run, UsageError } from "../../infra/command-line/usage.ts";
import { startBenchCluster } from "../bench/cluster.ts";
import { rounded } from "../bench/figures.ts";
import { type ProxySoakFigures, proxySoak } from "./proxy-soak.ts";
import { type SoakFigures, soak } from "./soak.ts";

const help = `Calls npm start as fast as it answers, or with --of proxy the proxy, and prints its memory and connections.

usage: npm run soak -- [options]

  --of webhook|proxy (webhook)
  --minutes N        (10)
  --connections N    connections that call the webhook at once (8)
  -o text|json       (text)

Exit status: 0 every answer was right, 1 an answer was wrong or missing, 2 a wrong argument.`;

const pageOf = ({ seconds, answers, perSecond, milliseconds, errors, memory, sockets }: SoakFigures): string =>
  [
    `${answers} answers in ${seconds} s, ${perSecond} a second; p50 ${rounded(milliseconds.p50)} ms, p99 ${rounded(milliseconds.p99)} ms, most ${rounded(milliseconds.most)} ms`,
    `wrong or missing: ${Object.values(errors).reduce((sum, count) => sum + count, 0)} ${Object.keys(errors).join("; ")}`.trimEnd(),
    `memory: ${memory.early} MiB in the second fifth of the time, ${memory.late} MiB in the last, ${memory.most} MiB at most`,
    `open sockets: ${sockets.idle} before the first call, ${sockets.most} at most from the second fifth of the time on`,
  ].join("\n");

const proxyPageOf = ({ seconds, answers, perSecond, memory, growth, sockets }: ProxySoakFigures): string =>
  [
    `${answers} answers and events in ${seconds} s, ${perSecond} a second, none wrong or missing`,
    `memory: ${memory.early} MiB at a fifth of the time, ${memory.late} MiB at the end, ${growth} x; ${memory.most} MiB at most`,
    `open sockets: ${sockets.least} to ${sockets.most}`,
  ].join("\n");

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      of: { type: "string", default: "webhook" },
      minutes: { type: "string", default: "10" },
      connections: { type: "string", default: "8" },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 10_000))
    throw new UsageError(`--minutes ${values.minutes} is not a number above 0 and up to 10000`);
  if (!/^[1-9]\d{0,3}$/.test(values.connections))
    throw new UsageError(`--connections ${values.connections} is not a number from 1 on`);
  if (values.output !== "text" && values.output !== "json")
    throw new UsageError(`-o ${values.output} is not text or json`);
  if (values.of !== "webhook" && values.of !== "proxy")
    throw new UsageError(`--of ${values.of} is not webhook or proxy`);
  if (values.of === "proxy") {
    const figures = await proxySoak(minutes * 60, console.error);
    console.log(values.output === "json" ? JSON.stringify(figures, null, 2) : proxyPageOf(figures));
    return;
  }
  const cluster = await startBenchCluster();
  try {
    const figures = await soak({
      cluster,
      seconds: minutes * 60,
      connections: Number(values.connections),
      progress: ({ second, memory, sockets }) => console.error(`${second} s: ${memory} MiB, ${sockets} sockets`),
    });
    console.log(values.output === "json" ? JSON.stringify(figures, null, 2) : pageOf(figures));
    process.exitCode = Object.keys(figures.errors).length > 0 ? 1 : 0;
  } finally {
    await cluster.stop();
  }
};

await run(command);
