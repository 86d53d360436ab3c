import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { admissionPolicies, webhookConfigurations } from "../../lib/manifests/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { applied } from "../cluster/world/applied.ts";
import { defineKinds } from "../cluster/world/define-kinds.ts";
import { until } from "../cluster/world/until.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { serveProcess } from "../soak/served.ts";
import type { BenchCluster } from "./cluster.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";

const text = { name: "bench", targets: [{ preset: "flux" }, { preset: "argo-workflows" }] };
const policy = readPolicy(text);

const guards = { nothing: "nothing", function: "the function", policies: "admission policies" } as const;
type Guard = keyof typeof guards;
const order = Object.keys(guards) as readonly Guard[];

const label = "bench-in-tree";
const namespaceOf = (guard: Guard): string => `in-tree-${guard}`;
const apiGroup = "rbac.authorization.k8s.io";

/** `bob` may write both kinds, and impersonate every service account, so that all objects are created. */
const rights = [
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: label },
    rules: [
      { apiGroups: ["kustomize.toolkit.fluxcd.io", "argoproj.io"], resources: ["*"], verbs: ["*"] },
      { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] },
    ],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: label },
    roleRef: { apiGroup, kind: "ClusterRole", name: label },
    subjects: [{ kind: "User", apiGroup, name: "bob" }],
  },
];

const templates = (count: number, accounts: number, steps: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `t${index}`,
    serviceAccountName: `account-${index % accounts}`,
    steps: Array.from({ length: steps }, (_, step) => [{ name: `s${step}`, template: "t0" }]),
  }));

const flux = { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", plural: "kustomizations" };
const argo = { apiVersion: "argoproj.io/v1alpha1", kind: "Workflow", plural: "workflows" };

/** The written objects; each row of figures takes some rounds. */
const objects = [
  { what: "a Kustomization with an account", ...flux, spec: { serviceAccountName: "deployer", path: "./" } },
  { what: "a Workflow of 5 templates", ...argo, spec: { templates: templates(5, 1, 2) } },
  { what: "a Workflow with 26 accounts", ...argo, spec: { templates: templates(26, 26, 2) } },
  { what: "a Workflow of 300 templates of 10 steps", ...argo, spec: { templates: templates(300, 5, 10) } },
] as const;

/** Latency of a CREATE of objects with fields for service accounts, in namespaces that are guarded in different ways. */
export const inTreeLatency = async (cluster: BenchCluster, rounds: number): Promise<Figures> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const webhook = await serveProcess("infra/cli.ts", [
    "start",
    ...["--port", "0", "--kubeconfig", cluster.kubeconfigOf(webhookUser), "--context", "cluster"],
    ...["--policy", cluster.file("in-tree-policy.json", JSON.stringify(text))],
    ...["--tls-cert", cluster.file("in-tree.crt", cert), "--tls-key", cluster.file("in-tree.key", key)],
  ]);
  const bob = cluster.user("bob");
  let made = 0;
  const tryIn = (guard: Guard, { apiVersion, kind, plural }: (typeof objects)[number], spec: object) => {
    const path = `/apis/${apiVersion}/namespaces/${namespaceOf(guard)}/${plural}?dryRun=All`;
    const body = { apiVersion, kind, metadata: { name: `bench-${made++}` }, spec };
    return cluster.api(bob, { method: "POST", path, body });
  };
  /** An object of the wrong type is refused by every guard, whatever the requester's rights. */
  const isGuarded = async (guard: Guard): Promise<boolean> => {
    const results = await Promise.all(
      [objects[0], objects[1]].map((each) => tryIn(guard, each, { serviceAccountName: 5 })),
    );
    return results.every(({ status }) => (guard === "nothing" ? status === 201 : status === 422));
  };
  try {
    await defineKinds(
      cluster,
      [flux, argo].map(({ apiVersion, kind, plural }) => {
        const [group = "", name = ""] = apiVersion.split("/");
        return { group, plural, kind, versions: [{ name, storesStatus: true }] };
      }),
    );
    await applied(cluster, [
      ...rights,
      ...order.map((guard) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespaceOf(guard), labels: { [label]: guard } },
      })),
    ]);
    await applied(cluster, [
      ...webhookConfigurations({
        policy,
        client: { url: webhook.url },
        caBundle: Buffer.from(ca).toString("base64"),
        name: label,
        namespaceLabels: { [label]: "function" },
      }),
      ...admissionPolicies(policy, { namespaceLabels: { [label]: "policies" } }),
    ]);
    for (const guard of order) await until(`${guards[guard]} guards`, () => isGuarded(guard), 60_000);

    const times = objects.map(() => new Map<Guard, number[]>(order.map((guard) => [guard, []])));
    for (let round = -5; round < rounds; round++)
      for (const [at, object] of objects.entries())
        for (const guard of round % 2 ? order : order.toReversed()) {
          const since = performance.now();
          const { status, text } = await tryIn(guard, object, object.spec);
          if (status !== 201) throw new Error(`${guard}, ${object.what}: ${text}`);
          if (round >= 0) times[at]?.get(guard)?.push(performance.now() - since);
        }
    const rows = objects.flatMap(({ what }, at) => {
      const [base, ...others] = order.map((guard): Row => {
        const all = times[at]?.get(guard) ?? [];
        return {
          variant: `${what}, ${guards[guard]}`,
          values: { "p50 ms": rounded(quantile(all, 0.5)), "p99 ms": rounded(quantile(all, 0.99)) },
          ...(guard === "function" ? {} : { peer: true }),
        };
      }) as [Row, ...Row[]];
      return [base, ...others.map((row) => compared(row, base, "p50 ms", row.peer ? { peer: true } : {}))];
    });
    return {
      name: "in-tree",
      title: "a CREATE with service accounts",
      against: "one that nothing guards",
      how: `${rounds} CREATEs of each (dry runs), in turns, on a real kube-apiserver; bob may impersonate every account. The function runs on the same two cores. Ratios are of p50 ms.`,
      rows,
    };
  } finally {
    await webhook.stop();
  }
};
