import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Caller } from "../cluster/harness/caller.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import type { Kubectl, KubectlResult } from "../cluster/harness/kubectl.ts";
import { applied } from "../cluster/world/applied.ts";
import { until } from "../cluster/world/until.ts";
import { type Kubelet, startKubelet } from "./world/kubelet.ts";
import { startMetricsApi } from "./world/metrics-api.ts";
import { runPods } from "./world/run-pods.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;
let impersonating: Served;
let kubelet: Kubelet;
let metricsApi: Awaited<ReturnType<typeof startMetricsApi>>;

/** The same namespace for each way, so that what one way writes is not in the way of another. */
const ways = ["direct", "http2", "http1"] as const;
type Way = (typeof ways)[number];
const namespaceOf = (way: Way): string => `by-${way}`;

beforeAll(async () => {
  stage = await startStage();
  proxy = await stage.serve();
  impersonating = await stage.serve({ uid: "impersonate" });
  kubelet = await startKubelet(stage.connection.folder);
  await runPods(stage, kubelet, ways.map(namespaceOf));
  metricsApi = await startMetricsApi(stage);
});
afterAll(async () => {
  await kubelet?.stop();
  await stage?.stop();
  metricsApi?.stop();
});

interface Row {
  readonly args: readonly string[];
  readonly caller?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The exit code, where it is not 0. */
  readonly code?: number;
  /** What must be in the output. */
  readonly says?: string;
  /** Through the proxy that impersonates uids. */
  readonly uids?: true;
  /** What is made of the output before it is compared: what changes from call to call. */
  readonly comparable?: (result: KubectlResult) => unknown;
}

const configMap = (data: object, name = "a"): string =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
const originalKey = "proxy.impersonation-admission/original-user-info";
const userInfo = ({ code, stdout, stderr }: KubectlResult): unknown => {
  if (code !== 0) return stderr;
  const { extra = {}, ...user } = JSON.parse(stdout).status.userInfo;
  const { [originalKey]: _, ...rest } = extra;
  return [user, rest];
};
const whoami = ["auth", "whoami", "-o", "json"];
const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" };
const sizes = "head -c 3000000 /dev/zero | tr '\\0' x";

/** 100 kB of headers. */
const manyGroups = Array.from({ length: 200 }, (_, at) => `--as-group=group-${at}-${"g".repeat(490)}`);

const rows: readonly Row[] = [
  { args: ["get", "namespaces", "-o", "name"], says: "namespace/by-direct" },
  { args: ["get", "nodes", "-o", "name"], says: "node/n1" },
  { args: ["get", "pods", "-o", "name"], says: "pod/p1" },
  { args: ["get", "configmaps", "missing"], code: 1, says: "not found" },
  { args: ["get", "--raw", "/healthz"], says: "ok" },
  { args: ["get", "--raw", "/version"], says: "gitVersion" },
  {
    args: ["get", "--raw", "/api/v1/namespaces/NAMESPACE/pods/p1/status"],
    says: "Running",
    comparable: ({ stdout }) => JSON.parse(stdout).status,
  },
  { args: ["version", "-o", "json"], says: "serverVersion" },
  { args: ["cluster-info"], says: "is running at", comparable: ({ stdout }) => stdout.replace(/https:\S+/g, "URL") },
  { args: ["api-resources", "-o", "name"], says: "deployments.apps" },
  { args: ["api-versions"], says: "apps/v1" },
  { args: ["explain", "pods.spec.containers"], says: "FIELDS" },
  { args: ["apply", "-f", "-"], stdin: configMap({ k: "1" }), says: "configmap/a created" },
  {
    args: ["diff", "-f", "-"],
    stdin: configMap({ k: "2" }),
    code: 1,
    says: '+  k: "2"',
    comparable: ({ code, stdout }) => [code, stdout.split("\n").filter((line) => /^[+-] /.test(line))],
  },
  { args: ["apply", "-f", "-"], stdin: configMap({ k: "2" }), says: "configmap/a configured" },
  { args: ["apply", "--server-side", "-f", "-"], stdin: configMap({ k: "3" }, "ssa"), says: "serverside-applied" },
  { args: ["apply", "--dry-run=server", "-f", "-"], stdin: configMap({ k: "3" }), says: "server dry run" },
  { args: ["replace", "-f", "-"], stdin: configMap({ k: "four" }), says: "replaced" },
  { args: ["edit", "configmap", "a"], env: { KUBE_EDITOR: "sed -i s/four/five/" }, says: "edited" },
  { args: ["get", "configmap", "a", "-o", "jsonpath={.data.k}"], says: "five" },
  { args: ["patch", "configmap", "a", "-p", '{"data":{"k":"6"}}'], says: "patched" },
  { args: ["patch", "configmap", "a", "--type=json", "-p", '[{"op":"remove","path":"/data/none"}]'], code: 1 },
  { args: ["label", "configmap", "a", "x=y"], says: "labeled" },
  { args: ["annotate", "configmap", "a", "x=y"], says: "annotated" },
  { args: ["get", "configmaps", "-l", "x=y", "-o", "name"], says: "configmap/a" },
  { args: ["describe", "configmap", "a"], says: "Data" },
  { args: ["wait", "--for=jsonpath={.data.k}=6", "configmap/a", "--timeout=60s"], says: "condition met" },
  { args: ["wait", "--for=jsonpath={.data.k}=7", "configmap/a", "--timeout=1s"], code: 1, says: "timed out" },
  {
    args: ["get", "--raw", "/api/v1/namespaces/NAMESPACE/configmaps?watch=1&timeoutSeconds=3&labelSelector=x%3Dy"],
    says: "ADDED",
    comparable: ({ code, stdout }) => [code, stdout.split("\n").length],
  },
  { args: ["create", "deployment", "d", "--image=none"], says: "created" },
  { args: ["scale", "deployment", "d", "--replicas=3"], says: "scaled" },
  { args: ["set", "image", "deployment/d", "none=other"], says: "updated" },
  { args: ["create", "serviceaccount", "robot"], says: "created" },
  { args: ["create", "token", "robot"], comparable: ({ code, stdout }) => [code, stdout.split(".").length] },
  { args: ["events"], says: "No events" },
  { args: ["top", "pods"], says: "250m" },
  { args: ["top", "pods"], caller: "rita", code: 1, says: "pods.metrics.k8s.io is forbidden" },
  { args: ["auth", "can-i", "create", "pods"], says: "yes" },
  { args: ["auth", "can-i", "create", "pods"], caller: "stranger", code: 1, says: "no" },
  { args: ["auth", "can-i", "--list"], caller: "rita", says: "configmaps" },
  { args: whoami, says: "olga", comparable: userInfo },
  { args: whoami, caller: "ulf", says: "u-1", comparable: userInfo },
  { args: whoami, caller: "ulf", says: "u-1", uids: true, comparable: userInfo },
  { args: [...whoami, "--as=rita", "--as-group=g1", "--as-group=g,2"], says: "g,2", comparable: userInfo },
  { args: [...whoami, "--as=rita", "--as-uid=42"], says: "42", uids: true, comparable: userInfo },
  { args: [...whoami, "--as=rita", "--as-user-extra=scope=x"], says: "scope", comparable: userInfo },
  {
    args: [...whoami, "--as=system:serviceaccount:default:robot"],
    says: "system:serviceaccounts:default",
    comparable: userInfo,
  },
  { args: [...whoami, "--as=rita", ...manyGroups], says: "group-199-", comparable: userInfo },
  { args: ["get", "configmaps", "-o", "name", "--as=rita"], says: "configmap/a" },
  { args: ["get", "secrets", "--as=rita"], code: 1, says: "Forbidden" },
  { args: ["get", "pods", "--as=olga"], caller: "rita", code: 1, says: "Forbidden", comparable: ({ code }) => code },
  { args: ["logs", "p1"], says: "main line 2" },
  { args: ["exec", "p1", "--", "sh", "-c", "echo out; echo err >&2; exit 3"], code: 3, says: "out" },
  { args: ["exec", "p1", "--", "sh", "-c", "echo out; echo err >&2; exit 3"], env: spdy, code: 3, says: "out" },
  { args: ["exec", "-i", "p1", "--", "sha256sum"], stdin: "y".repeat(3_000_000), says: "-" },
  { args: ["exec", "-i", "p1", "--", "sha256sum"], stdin: "y".repeat(3_000_000), env: spdy, says: "-" },
  { args: ["exec", "p1", "--", "sh", "-c", sizes], comparable: ({ code, stdout }) => [code, stdout.length] },
  { args: ["exec", "p1", "--", "sh", "-c", sizes], env: spdy, comparable: ({ code, stdout }) => [code, stdout.length] },
  { args: ["exec", "p1", "--", "true"], caller: "rita", code: 1, says: "Forbidden" },
  { args: ["attach", "-i", "p1"], stdin: "shout\n", says: "SHOUT", comparable: ({ code, stdout }) => [code, stdout] },
  {
    args: ["attach", "-i", "p1"],
    stdin: "shout\n",
    env: spdy,
    says: "SHOUT",
    comparable: ({ code, stdout }) => [code, stdout],
  },
  { args: ["delete", "configmap", "a"], says: "deleted" },
  { args: ["delete", "configmaps", "--all"], says: "deleted" },
];

const kubectlOf = (way: Way, { uids }: Row): Kubectl =>
  way === "direct" ? stage.kubectl : (uids ? impersonating : proxy).kubectl;

const outcome = (row: Row, result: KubectlResult): unknown => {
  const clean = (text: string): string =>
    text
      .replaceAll(/\bby-(direct|http[12])\b/g, "NAMESPACE")
      .replaceAll(/^.*HTTP2 has been explicitly disabled\n/gm, "")
      .replaceAll(/(: |, )decision made by proxy\.impersonation-admission/g, "")
      .replaceAll(/\b\d+(\.\d+)?m?s\b/g, "TIME");
  const { code, stdout, stderr } = result;
  const comparable = row.comparable ?? ((cleaned: KubectlResult) => cleaned);
  return comparable({ code, stdout: clean(stdout), stderr: clean(stderr) });
};

const run = (row: Row, way: Way): Promise<KubectlResult> => {
  const { args, caller = "olga", stdin, env = {} } = row;
  const namespace = namespaceOf(way);
  const all = ["-n", namespace, ...args.map((arg) => arg.replaceAll("NAMESPACE", namespace))];
  return kubectlOf(way, row)(stage.user(caller), all, {
    stdin: stdin ?? "",
    env: { ...env, ...(way === "http1" && { DISABLE_HTTP2: "true" }) },
  });
};

describe("kubectl prints the same and ends with the same code, with and without the proxy", () => {
  test.each(
    rows.map(
      (row) =>
        [
          `${row.args.join(" ").slice(0, 80)} ${row.caller ?? ""} ${row.env ? JSON.stringify(row.env) : ""}`,
          row,
        ] as const,
    ),
  )("%s", async (_name, row) => {
    const direct = await run(row, "direct");
    expect(direct.code, direct.stderr).toBe(row.code ?? 0);
    expect(direct.stdout + direct.stderr).toContain(row.says ?? "");
    for (const way of ["http2", "http1"] as const)
      expect(outcome(row, await run(row, way)), way).toEqual(outcome(row, direct));
  });
});

describe.each(["http2", "http1"] as const)("what does not end by itself, %s", (way) => {
  const environment = () => ({
    PATH: process.env["PATH"],
    HOME: stage.connection.folder,
    ...(way === "http1" && { DISABLE_HTTP2: "true" }),
  });
  const start = (args: readonly string[], caller: Caller = stage.user("olga"), env: object = {}) => {
    const file = join(stage.connection.folder, `${way}.kubeconfig`);
    writeFileSync(file, proxy.kubeconfigFor(caller), { mode: 0o600 });
    const child = spawn(stage.connection.kubectlProgram, ["--kubeconfig", file, "-n", namespaceOf(way), ...args], {
      env: { ...environment(), ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    };
    return { output: () => output, stop };
  };

  test("logs -f follows, and its end reaches the kubelet", async () => {
    const count = (): number => kubelet.log().split("logs: client gone").length;
    const before = count();
    const { output, stop } = start(["logs", "-f", "p1"]);
    await until("lines arrive", async () => output().includes("line 5"));
    await stop();
    await until("the kubelet sees the end", async () => count() > before);
  });

  test("get -w prints changes as they happen", async () => {
    const { output, stop } = start(["get", "configmaps", "-w", "-o", "name"]);
    await applied(stage, [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "watched", namespace: namespaceOf(way) } },
    ]);
    await until("the change is printed", async () => output().includes("configmap/watched"));
    await stop();
  });

  test.each([
    ["websocket", {}],
    ["SPDY/3.1", spdy],
  ])("port-forward carries a request over %s", async (protocol, env) => {
    const server = createServer((_, response) => response.end("reached"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const [local = 0] = await freePorts(1);
    const { output, stop } = start(["port-forward", "p1", `${local}:${port}`], stage.user("olga"), env);
    await until("it listens", async () => output().includes("Forwarding from"));
    expect(await (await fetch(`http://127.0.0.1:${local}/`)).text()).toBe("reached");
    await stop();
    server.close();
    server.closeAllConnections();
    await until("its line is logged", async () =>
      proxy.entries.some(
        ({ subresource, status, ...entry }) =>
          subresource === "portforward" && status === 101 && entry.protocol === protocol,
      ),
    );
  });

  test("proxy --append-server-path serves the API", async () => {
    const [local = 0] = await freePorts(1);
    const { output, stop } = start(["proxy", `--port=${local}`, "--append-server-path"]);
    await until("it listens", async () => output().includes("Starting to serve"));
    const answer = await fetch(`http://127.0.0.1:${local}/api/v1/namespaces/${namespaceOf(way)}`);
    expect(((await answer.json()) as { metadata: { name: string } }).metadata.name).toBe(namespaceOf(way));
    await stop();
  });

  test("cp copies a file in both directions", async () => {
    const from = join(stage.connection.folder, `${way}-from`);
    const back = join(stage.connection.folder, `${way}-back`);
    const inside = join(stage.connection.folder, `${way}-inside`);
    writeFileSync(from, "z".repeat(1_000_000));
    const env = way === "http1" ? { DISABLE_HTTP2: "true" } : {};
    for (const args of [
      [from, `${namespaceOf(way)}/p1:${inside}`],
      [`${namespaceOf(way)}/p1:${inside}`, back],
    ]) {
      const { code, stderr } = await proxy.kubectl(stage.user("olga"), ["cp", ...args], { env });
      expect(code, stderr).toBe(0);
    }
    expect(readFileSync(back, "utf8")).toBe(readFileSync(from, "utf8"));
  });
});

test("upgrades of a caller who impersonates go on as the impersonated user", async () => {
  const mark = stage.auditMark();
  const command = ["--", "echo", "impersonated"];
  const { code } = await proxy.kubectl(stage.user("olga"), ["exec", "-n", "by-http2", "p1", "--as=rita", ...command]);
  expect(code).toBe(1);
  const masters = ["exec", "-n", "by-http2", "p1", "--as=other", "--as-group=system:masters", ...command];
  expect((await proxy.kubectl(stage.user("olga"), masters)).code).toBe(0);
  // The end of an earlier upgrade may be written late.
  const events = stage.auditEvents(mark).filter(({ requestURI }) => requestURI.includes("command=impersonated"));
  expect(events.map(({ user, impersonatedUser }) => [user.username, impersonatedUser?.username])).toEqual(
    events.map(() => ["proxy-actor", "other"]),
  );
  const original = events[0]?.impersonatedUser?.extra?.[originalKey]?.[0] ?? "{}";
  expect(JSON.parse(original).username).toBe("olga");
});
