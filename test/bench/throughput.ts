import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { writeRegistry } from "../runtime/registry.ts";
import { permitted, self } from "../soak/calls.ts";
import { type Call, load } from "../soak/load.ts";
import { serveProcess } from "../soak/served.ts";
import type { BenchCluster } from "./cluster.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";

const connections = 16;

/** The throughput of one core of the server: its answers, divided by the CPU time that it spent. */
export const throughput = async (cluster: BenchCluster, seconds: number): Promise<Figures> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const [certFile, keyFile] = [cluster.file("tls.crt", cert), cluster.file("tls.key", key)];
  const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
  const ours = await serveProcess("infra/cli.ts", [
    "start",
    ...["--port", "0", "--kubeconfig", cluster.kubeconfigOf(webhookUser), "--context", "cluster"],
    ...tls,
  ]);
  const registry = cluster.file("bench-registry", "");
  await writeRegistry(registry, { name: "demo", key: "", ...cluster.asker });
  const echo = await serveProcess("test/bench/handlers/echo-server.ts", [certFile, keyFile]);
  const echoAsking = await serveProcess("test/bench/handlers/echo-server.ts", [certFile, keyFile, registry]);
  const run = async (variant: string, server: typeof ours, call: Call): Promise<Row> => {
    const options = { url: server.url, ca, connections, calls: [call] };
    await load({ ...options, seconds: 2 });
    const before = server.cost().cpu ?? Number.NaN;
    const { answers, latencies, errors, seconds: took } = await load({ ...options, seconds });
    const cpuSeconds = ((server.cost().cpu ?? Number.NaN) - before) / 1_000;
    if (Object.keys(errors).length > 0) throw new Error(`${variant}: ${JSON.stringify(errors)}`);
    const values = {
      "answers/s per core": Math.round(answers / cpuSeconds),
      "answers/s": Math.round(answers / took),
      "p50 ms": rounded(quantile(latencies, 0.5)),
      "p99 ms": rounded(quantile(latencies, 0.99)),
      MiB: Math.round(server.cost().memory ?? Number.NaN),
    };
    return { variant, values };
  };
  try {
    const anything = () => undefined;
    const base = await run("a bare Node server: parse and allow", echo, { ...self, check: anything });
    const without = await run("npm start, nothing to ask", ours, self);
    const askingBase = await run("a bare Node server and SAR", echoAsking, { ...permitted, check: anything });
    const asking = await run("npm start, one SAR", ours, permitted);
    return {
      name: "throughput",
      title: "npm start, answers a second for each core",
      against: "a bare Node server that asks the same; higher is better",
      how: `${connections} connections for ${seconds} s each; the SubjectAccessReviews go to a real kube-apiserver on the same cores. Ratios are of answers/s per core, which counts the server's CPU time only.`,
      rows: [
        base,
        compared(without, base, "answers/s per core"),
        askingBase,
        compared(asking, askingBase, "answers/s per core"),
      ],
    };
  } finally {
    await Promise.all([ours, echo, echoAsking].map(({ stop }) => stop()));
  }
};
