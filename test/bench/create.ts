import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { admissionPolicies, webhookConfigurations } from "../../lib/manifests/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { applied } from "../cluster/world/applied.ts";
import { create, template } from "../cluster/world/objects.ts";
import { until } from "../cluster/world/until.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { serveProcess } from "../soak/served.ts";
import type { BenchCluster } from "./cluster.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });

const guards = ["nothing", "mutate", "mutate-and-validate", "twins"] as const;
type Guard = (typeof guards)[number];

const label = "bench";
const names: Readonly<Record<Guard, string>> = {
  nothing: "no webhook",
  mutate: "mutate",
  "mutate-and-validate": "mutate + validate",
  twins: "the same rule as in-tree policies",
};

const namespaceOf = (guard: Guard) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: guard, labels: { [label]: guard } },
});

/** The admission policies, for one namespace. */
const twinsFor = (guard: Guard): readonly unknown[] =>
  admissionPolicies(policy).map((manifest) =>
    manifest.kind.endsWith("Binding")
      ? {
          ...manifest,
          spec: { ...manifest.spec, matchResources: { namespaceSelector: { matchLabels: { [label]: guard } } } },
        }
      : manifest,
  );

/** Latency of a CREATE whose declared identity is replaced, in namespaces that are guarded in different ways. */
export const createLatency = async (cluster: BenchCluster, rounds: number): Promise<Figures> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const webhook = await serveProcess("infra/cli.ts", [
    "start",
    ...["--port", "0", "--kubeconfig", cluster.kubeconfigOf(webhookUser), "--context", "cluster"],
    ...["--tls-cert", cluster.file("create.crt", cert), "--tls-key", cluster.file("create.key", key)],
  ]);
  const configurationsFor = (guard: Guard) =>
    webhookConfigurations({
      policy,
      client: { url: webhook.url },
      caBundle: Buffer.from(ca).toString("base64"),
      name: guard,
      namespaceLabels: { [label]: guard },
    });
  const bob = cluster.user("bob");
  let made = 0;
  const tryIn = (guard: Guard) =>
    create(cluster, bob, template(guard, `bench-${made++}`, "alice", { greeting: "hello" }));
  const createIn = async (guard: Guard): Promise<void> => {
    const { status, text } = await tryIn(guard);
    if (status !== 201) throw new Error(`${guard}: ${text}`);
  };
  /** The API server activates the validating and the mutating policy independently, so the validating one may be active first. */
  const isInEffect = async (guard: Guard): Promise<boolean> => {
    const { status, body } = await tryIn(guard);
    return status === 201 && body.spec.clusterAuth.impersonateUser === (guard === "nothing" ? "alice" : "bob");
  };
  try {
    await applied(cluster, guards.map(namespaceOf));
    const [mutating] = configurationsFor("mutate");
    await applied(cluster, [mutating, ...configurationsFor("mutate-and-validate"), ...twinsFor("twins")]);
    for (const guard of guards) await until(`${guard} guards`, () => isInEffect(guard), 60_000);

    const times = new Map<Guard, number[]>(guards.map((guard) => [guard, []]));
    for (let round = -20; round < rounds; round++)
      for (const guard of round % 2 ? guards : guards.toReversed()) {
        const since = performance.now();
        await createIn(guard);
        if (round >= 0) times.get(guard)?.push(performance.now() - since);
      }
    const rows = guards.map((guard): Row => {
      const all = times.get(guard) ?? [];
      return {
        variant: names[guard],
        values: { "p50 ms": rounded(quantile(all, 0.5)), "p99 ms": rounded(quantile(all, 0.99)) },
      };
    });
    const [base] = rows as [Row];
    return {
      name: "create",
      title: "a CREATE, as the API server answers it",
      against: "one that nothing guards",
      how: `${rounds} CREATEs of each, in turns, on a real kube-apiserver; bob declares alice and becomes bob. The webhook runs on the same two cores. Ratios are of p50 ms.`,
      rows: rows.map((row) => {
        if (row === base) return row;
        return compared(row, base, "p50 ms", row.variant === names.twins ? { peer: true } : {});
      }),
    };
  } finally {
    await webhook.stop();
  }
};
