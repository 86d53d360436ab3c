import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { noOwnAuthority } from "../../functions/certificates/own-authority.ts";
import type { RequestEntry } from "../../functions/proxy/log-entries.ts";
import type { ServerEntry } from "../../functions/server/log-entries.ts";
import { countingLog, openMetrics } from "../../functions/server/open-metrics.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { type ServedOn, serveOn } from "../../infra/local/serve-on.ts";
import { fleetSource } from "../../infra/local/server-sources.ts";
import { monitoringFiles } from "../../infra/prometheus/monitoring-files.ts";
import { kubeconfig, kubectlRunner } from "../cluster/harness/kubectl.ts";
import { until } from "../cluster/world/until.ts";
import { type Received, send } from "./world/clients.ts";
import { goProgram } from "./world/go-program.ts";
import { type Kubelet, startKubelet } from "./world/kubelet.ts";
import { runPods } from "./world/run-pods.ts";
import { type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let kubelet: Kubelet;
let served: ServedOn;
let promcheck: string;
let begun: number;
const entries: ServerEntry[] = [];
const folder = mkdtempSync(join(tmpdir(), "proxy-metrics-"));
const key = "k".repeat(43);
const review = readFileSync(new URL("../../events/webhook/create-another-forbidden.json", import.meta.url), "utf8");

beforeAll(async () => {
  promcheck = goProgram("promcheck").build();
  stage = await startStage();
  kubelet = await startKubelet(stage.connection.folder);
  await runPods(stage, kubelet, ["pods"]);
  const config = JSON.parse(readFileSync(stage.kubeconfigFile, "utf8"));
  const extension = { proxy: { actor: "actor" }, keys: [hashOfKey(key)], policy: "razee" };
  config.contexts = ["prod", "pods"].map((name) => ({
    name,
    context: { cluster: "c", user: "asker", extensions: [{ name: "impersonation-admission", extension }] },
  }));
  config.contexts.push({ name: "broken", context: { cluster: "c", user: "asker" } });
  const registry = join(folder, "registry");
  writeFileSync(registry, JSON.stringify(config), { mode: 0o600 });
  begun = performance.now();
  const metrics = await openMetrics();
  const log = countingLog(metrics, (entry) => entries.push(entry));
  served = await serveOn(await fleetSource(registry, () => noOwnAuthority, log), { metrics, log, healthPort: 0 });
});
afterAll(async () => {
  await served?.close();
  await kubelet?.stop();
  await stage?.stop();
  rmSync(folder, { recursive: true });
});

const scrape = async (): Promise<string> => (await fetch(`http://127.0.0.1:${served.healthPort}/metrics`)).text();

/** What a scrape says of our metrics, without what is measured in time. */
const countsIn = (text: string, more = ""): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const [, name] = /^impersonation_admission_(\S+ \S+)$/.exec(line) ?? [];
    const isTime = /_(bucket|sum)[{ ]|^registry_age|^certificate_expiry/.test(name ?? "");
    return name === undefined || isTime || !name.includes(more) ? [] : [name];
  });

const at = (path: string, lines: readonly string[], more: object = {}): Promise<Received> =>
  send({ url: served.origin, ca: served.ca }, { http: 2, path, lines, ...more });
const as = (user: string): readonly string[] => ["authorization", `Bearer ${stage.user(user).token}`];
const requests = (): readonly RequestEntry[] => entries.filter((entry) => entry.event === "request");

test("each request and each call is counted once, by what became of it", async () => {
  // What the proxy remembers for ten seconds, it remembers for the whole test.
  const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  onTestFinished(() => clock.mockRestore());
  const prefix = "/k8s/clusters/prod";
  const configMaps = `${prefix}/api/v1/configmaps`;
  const statuses = [
    await at(configMaps, as("rita")),
    await at(configMaps, as("rita")),
    await at(configMaps, as("stranger")),
    await at(configMaps, ["authorization", "Bearer nonsense"]),
    await at(configMaps, []),
    await at(configMaps, [...as("olga"), "impersonate-user", "rita"]),
    await at(configMaps, [...as("olga"), "impersonate-everything", "yes"]),
    await at(configMaps, as("rita"), { method: "BREW" }),
    await at(`${prefix}/version`, as("olga"), { method: "POST", body: "" }),
    await at(`${prefix}x/api`, as("rita")),
    await at("/clusters/prod/KEY/validate", [], { method: "POST" }),
    await at(`/clusters/prod/${key}/mutate`, ["content-type", "application/json"], { method: "POST", body: review }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 403, 401, 403, 200, 400, 403, 405, 404, 404, 200]);

  const end = new AbortController();
  const begins = Promise.withResolvers<void>();
  const watching = at(`${configMaps}?watch=true`, as("rita"), { signal: end.signal, onData: () => begins.resolve() });
  await begins.promise;
  const open = await scrape();
  end.abort();
  await watching;
  expect(countsIn(open, "proxy_requests_in_flight")).toEqual([
    'proxy_requests_in_flight{load="read"} 0',
    'proxy_requests_in_flight{load="write"} 0',
    'proxy_requests_in_flight{load="long-running"} 1',
  ]);
  expect(countsIn(open, "proxy_upstream_streams")).toContain('proxy_upstream_streams{cluster="prod"} 1');
  await until("the watch has ended", async () => requests().some(({ verb }) => verb === "watch"));

  // The API server closes connections of requests without a credential that it refuses.
  const connection = 'proxy_upstream_connections{cluster="prod"} 1';
  const last = await until("one connection is left", async () => {
    const counts = countsIn(await scrape());
    return counts.includes(connection) && counts;
  });
  const expected = [
    'proxy_requests_total{cluster="prod",verb="list",decision="forwarded",code="200"} 3',
    'proxy_requests_total{cluster="prod",verb="list",decision="refused",code="403"} 1',
    'proxy_requests_total{cluster="prod",verb="list",decision="refused",code="401"} 1',
    'proxy_requests_total{cluster="prod",verb="list",decision="forwarded",code="403"} 1',
    'proxy_requests_total{cluster="prod",verb="list",decision="refused",code="400"} 1',
    'proxy_requests_total{cluster="prod",verb="other",decision="refused",code="403"} 1',
    'proxy_requests_total{cluster="prod",verb="post",decision="forwarded",code="405"} 1',
    'proxy_requests_total{cluster="",verb="other",decision="refused",code="404"} 1',
    'proxy_requests_total{cluster="prod",verb="watch",decision="forwarded",code="200"} 1',
    'proxy_refusals_total{cluster="prod",reason="forbidden"} 2',
    'proxy_refusals_total{cluster="prod",reason="unauthenticated"} 1',
    'proxy_refusals_total{cluster="prod",reason="malformed"} 1',
    'proxy_refusals_total{cluster="",reason="not-found"} 1',
    'proxy_broken_answers_total{cluster="prod",by="client"} 1',
    'proxy_request_duration_seconds_count{cluster="prod",load="read"} 5',
    'proxy_request_duration_seconds_count{cluster="prod",load="write"} 2',
    'proxy_long_running_duration_seconds_count{cluster="prod"} 1',
    'proxy_requests_in_flight{load="read"} 0',
    'proxy_requests_in_flight{load="write"} 0',
    'proxy_requests_in_flight{load="long-running"} 0',
    'proxy_questions_total{cluster="prod",answered_by="api-server"} 6',
    'proxy_questions_total{cluster="prod",answered_by="cache"} 2',
    'proxy_token_reviews_total{cluster="prod",answered_by="api-server"} 4',
    'proxy_token_reviews_total{cluster="prod",answered_by="cache"} 5',
    connection,
    'proxy_upstream_connections{cluster="pods"} 0',
    'proxy_upstream_streams{cluster="prod"} 0',
    'proxy_upstream_streams{cluster="pods"} 0',
    'proxy_cluster_usable{cluster="prod"} 1',
    'proxy_cluster_usable{cluster="pods"} 1',
    'webhook_decisions_total{cluster="prod",endpoint="mutate",decision="replaced"} 1',
    'webhook_decision_duration_seconds_count{cluster="prod",endpoint="mutate"} 1',
    'webhook_questions_total{cluster="prod"} 1',
    'webhook_question_duration_seconds_count{cluster="prod"} 1',
    'webhook_refused_calls_total{code="404"} 1',
    "registry_clusters 2",
    "registry_problems 1",
    "registry_refresh_failures_total 0",
  ];
  expect([...last].sort()).toEqual(expected.sort());
});

test("exec is one long-running request, whose status is 101", async () => {
  const url = `${served.origin}/k8s/clusters/pods`;
  const kubectl = kubectlRunner(stage.connection.kubectlProgram, join(folder, "kubectl"), (caller) =>
    kubeconfig(url, served.ca ?? "", caller),
  );
  const { code, stdout } = await kubectl(stage.user("olga"), ["exec", "-n", "pods", "p1", "--", "echo", "reached"]);
  expect([code, stdout]).toEqual([0, "reached\n"]);
  await until("its line is written", async () => requests().some(({ status }) => status === 101));
  const counts = countsIn(await scrape(), 'cluster="pods"');
  expect(counts).toContain('proxy_requests_total{cluster="pods",verb="get",decision="forwarded",code="101"} 1');
  expect(counts).toContain('proxy_long_running_duration_seconds_count{cluster="pods"} 1');
  const all = requests().filter(({ cluster }) => cluster === "pods").length;
  const counted = counts.filter((line) => line.startsWith("proxy_requests_total"));
  expect(counted.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0)).toBe(all);
});

test("the certificate's end and the age of the registry are told", async () => {
  const text = await scrape();
  const numberOf = (name: string): number =>
    Number(new RegExp(`^impersonation_admission_${name} (\\S+)$`, "m").exec(text)?.[1]);
  const days = (numberOf("certificate_expiry_timestamp_seconds") - Date.now() / 1_000) / 86_400;
  expect(days).toBeGreaterThan(0);
  expect(numberOf("registry_age_seconds")).toBeGreaterThan(0);
  expect(numberOf("registry_age_seconds")).toBeLessThanOrEqual((performance.now() - begun) / 1_000);
});

test("the audit log has all three identities, as docs/operations.md shows them", async () => {
  const docs = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const [, shown = ""] = /```json\n(\{\n {2}"kind": "Event",.*?)```/s.exec(docs) ?? [];
  const mark = stage.auditMark();
  const path = "/api/v1/namespaces/default/configmaps?limit=500";
  await at(`/k8s/clusters/prod${path}`, [...as("olga"), "impersonate-user", "rita"]);
  const event = await until("the event is written", async () =>
    stage.auditEvents(mark).find(({ requestURI }) => requestURI === path),
  );
  const { auditID, userAgent, requestReceivedTimestamp, stageTimestamp, ...same } = JSON.parse(shown);
  expect(event).toMatchObject(same);
  expect(Object.keys(event).sort()).toEqual(
    [...Object.keys(same), "auditID", "requestReceivedTimestamp", "stageTimestamp"].sort(),
  );
});

/** What the packages of promtool find. */
const findings = (args: readonly string[], input = "") => {
  const { status, stdout, stderr } = spawnSync(promcheck, args, { input, encoding: "utf8" });
  return { status, output: stdout + stderr };
};

test("promtool's linter has nothing to say of a scrape", async () => {
  expect(findings(["metrics"], await scrape())).toEqual({ status: 0, output: "" });
  expect(findings(["metrics"], "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n")).toEqual({
    status: 1,
    output: 'a_total: non-counter metrics should not have "_total" suffix\n',
  });
});

test("promtool reads the alerts, and Prometheus every query of the dashboard", () => {
  const file = fileURLToPath(new URL("../../infra/prometheus/alerts.yaml", import.meta.url));
  expect(findings(["rules", file])).toEqual({ status: 0, output: "" });
  const { panels } = JSON.parse(monitoringFiles()["grafana-dashboard.json"] ?? "");
  const queries = panels.flatMap(({ targets = [] }: { targets?: { expr: string }[] }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
  );
  expect(queries.length).toBeGreaterThan(20);
  expect(findings(["queries"], queries.join("\n"))).toEqual({ status: 0, output: "" });
  const wrong = join(folder, "wrong.yaml");
  writeFileSync(wrong, readFileSync(file, "utf8").replace("sum by (cluster)", "sum by cluster"));
  expect(findings(["rules", wrong]).status).toBe(1);
});
