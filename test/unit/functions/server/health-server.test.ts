import { expect, test } from "vitest";
import { type HealthServer, serveHealth } from "../../../../functions/server/health-server.ts";
import { countingLog, openMetrics } from "../../../../functions/server/open-metrics.ts";
import { fullName, serverMetrics } from "../../../../functions/server/server-metrics.ts";

const at = { port: 0, host: "127.0.0.1" };
const get = async ({ port }: HealthServer, path: string, method = "GET") => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return [answer.status, await answer.text(), answer.headers.get("content-type")] as const;
};
const plain = "text/plain; charset=utf-8";

test.each<readonly [path: string, method: string, doubt: string | undefined, status: number, text: string]>([
  ["/livez", "GET", "the server is being stopped", 200, "ok\n"],
  ["/readyz", "GET", undefined, 200, "ok\n"],
  ["/readyz?verbose", "GET", "the server is being stopped", 503, "the server is being stopped\n"],
  ["/", "GET", undefined, 404, "only /livez, /readyz and /metrics are served here\n"],
  ["/metrics", "GET", undefined, 404, "only /livez, /readyz and /metrics are served here\n"],
  ["/metrics", "POST", undefined, 405, "only GET is served here\n"],
])("%s by %s, where the doubt is %s", async (path, method, doubt, status, text) => {
  const server = await serveHealth(at, async () => doubt);
  expect(await get(server, path, method)).toEqual([status, text, plain]);
  server.close();
});

test("a failure is 500, and says nothing of its cause", async () => {
  const fail = async () => {
    throw new Error("secret");
  };
  const server = await serveHealth(at, fail, { contentType: plain, text: fail });
  for (const path of ["/readyz", "/metrics"])
    expect(await get(server, path)).toEqual([500, "the answer could not be found out\n", plain]);
  server.close();
});

test("metrics are what the log has said, and what is now", async () => {
  const metrics = await openMetrics();
  const logged: unknown[] = [];
  const log = countingLog(metrics, (entry) => logged.push(entry));
  const accounts = { event: "accounts", cluster: "prod" } as const;
  log(accounts);
  log({ event: "accounts", cluster: "gone" });
  log({ event: "registry", clusters: 2, problems: ["p"] });
  for (const change of [1, 1, -1] as const) metrics.onLoad("read", change);
  let age: number | undefined = 4_500;
  const server = await serveHealth(at, async () => undefined, {
    contentType: metrics.contentType,
    text: () =>
      metrics.text({
        upstreams: () => [{ cluster: "prod", connections: 2, streams: 105 }],
        registryAge: () => age,
        certificateExpiry: () => 1_800_000_000,
      }),
  });
  const linesOf = (text: string) => text.split("\n").filter((line) => line.startsWith("impersonation_admission_"));
  const [status, text, type] = await get(server, "/metrics");
  expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  expect(linesOf(text).filter((line) => !/ 0$/.test(line))).toEqual([
    'impersonation_admission_proxy_requests_in_flight{load="read"} 1',
    'impersonation_admission_proxy_upstream_connections{cluster="prod"} 2',
    'impersonation_admission_proxy_upstream_streams{cluster="prod"} 105',
    'impersonation_admission_proxy_cluster_usable{cluster="prod"} 1',
    "impersonation_admission_registry_clusters 2",
    "impersonation_admission_registry_problems 1",
    "impersonation_admission_registry_age_seconds 4.5",
    "impersonation_admission_certificate_expiry_timestamp_seconds 1800000000",
  ]);
  for (const [name, { help, type: kind }] of Object.entries(serverMetrics)) {
    const full = fullName(name as keyof typeof serverMetrics);
    expect(text).toContain(`# HELP ${full} ${help}\n# TYPE ${full} ${kind}\n`);
  }
  expect(text).toContain("process_cpu_seconds_total");
  age = undefined;
  expect((await get(server, "/metrics"))[1]).not.toContain("impersonation_admission_registry_");
  expect(logged[0]).toBe(accounts);
  server.close();
});
