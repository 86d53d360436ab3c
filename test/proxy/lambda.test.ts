import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Caller } from "../cluster/harness/caller.ts";
import { type Kubectl, type KubectlResult, kubeconfig, kubectlRunner } from "../cluster/harness/kubectl.ts";
import { applied } from "../cluster/world/applied.ts";
import { until } from "../cluster/world/until.ts";
import { unpackPackage } from "../runtime/packaged.ts";
import { newSigningKey, startOidcIssuer } from "../support/oidc-issuer.ts";
import { header, type Received, send } from "./world/clients.ts";
import { type Kubelet, startKubelet } from "./world/kubelet.ts";
import { type LambdaProxy, type LambdaProxyOptions, startLambdaProxy } from "./world/lambda-proxy.ts";
import { runPods } from "./world/run-pods.ts";
import { type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let kubelet: Kubelet;
let taskRoot: string;
let files: readonly string[];
let proxy: LambdaProxy;

const ways = ["direct", "lambda"] as const;
type Way = (typeof ways)[number];

const watchSeconds = 3;

const throughFunction: Kubectl = (caller, args, input) => kubectlThrough(proxy)(caller, args, input);

const kubectlThrough = (at: LambdaProxy): Kubectl =>
  kubectlRunner(stage.connection.kubectlProgram, join(stage.connection.folder, "kubectl-lambda"), (caller) =>
    kubeconfig(at.url, at.ca ?? "", caller),
  );

/** kubectl through a function, as olga, until it ends or is stopped. */
const startKubectl = (at: LambdaProxy, args: readonly string[]) => {
  const file = join(stage.connection.folder, "olga.kubeconfig");
  writeFileSync(file, kubeconfig(at.url, at.ca ?? "", olga()), { mode: 0o600 });
  const env = { PATH: process.env["PATH"], HOME: stage.connection.folder };
  const child = spawn(stage.connection.kubectlProgram, ["--kubeconfig", file, "-n", "lambda", ...args], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return { output: () => output, ended: once(child, "close"), stop: () => child.kill() };
};

const startProxy = (options: Omit<LambdaProxyOptions, "taskRoot" | "kubeconfig"> = {}): Promise<LambdaProxy> =>
  startLambdaProxy({
    taskRoot,
    kubeconfig: readFileSync(stage.kubeconfigFile, "utf8"),
    environment: { PROXY_WATCH_SECONDS: String(watchSeconds) },
    ...options,
  });

beforeAll(async () => {
  ({ taskRoot, files } = await unpackPackage("proxy"));
  stage = await startStage();
  kubelet = await startKubelet(stage.connection.folder);
  await runPods(stage, kubelet, ways);
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy?.close();
  await kubelet?.stop();
  await stage?.stop();
  rmSync(taskRoot, { recursive: true });
});

/** An instance that ended would be hidden by the next one. */
const areAlive = ({ gateway }: LambdaProxy): boolean =>
  gateway.instances.every(({ pid }) => existsSync(`/proc/${pid}/exe`));
afterEach(() => expect(areAlive(proxy)).toBe(true));

test("the zip holds the bundle, its two lazy files and a package.json, and nothing of the webhook", () => {
  expect([...files].sort()).toEqual([
    "dist/oidc.js",
    "dist/package.json",
    "dist/proxy-function.js",
    "dist/proxy-lambda.mjs",
    "dist/yaml.js",
  ]);
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

const rows: readonly Row[] = [
  { args: ["get", "namespaces", "-o", "name"], says: "namespace/direct" },
  { args: ["get", "pods", "-o", "name"], says: "pod/p1" },
  { args: ["get", "pod", "p1", "-o", "jsonpath={.status.phase}"], says: "Running" },
  { args: ["get", "configmaps", "missing"], code: 1, says: "not found" },
  { args: ["get", "clusterroles", "system:auth-delegator", "-o", "name"], says: "system:auth-delegator" },
  { args: ["get", "--raw", "/healthz"], says: "ok" },
  { args: ["get", "--raw", "/version"], says: "gitVersion" },
  { args: ["version", "-o", "json"], says: "serverVersion" },
  { args: ["api-resources", "-o", "name"], says: "deployments.apps" },
  { args: ["explain", "pods.spec.containers"], says: "FIELDS" },
  { args: ["apply", "-f", "-"], stdin: configMap({ k: "1" }), says: "configmap/a created" },
  {
    args: ["diff", "-f", "-"],
    stdin: configMap({ k: "2" }),
    code: 1,
    says: '+  k: "2"',
    comparable: ({ code, stdout }) => [code, stdout.split("\n").filter((line) => /^[+-] /.test(line))],
  },
  { args: ["apply", "-f", "-"], stdin: configMap({ k: "three" }), says: "configmap/a configured" },
  { args: ["apply", "--server-side", "-f", "-"], stdin: configMap({ k: "3" }, "ssa"), says: "serverside-applied" },
  { args: ["apply", "--dry-run=server", "-f", "-"], stdin: configMap({ k: "3" }), says: "server dry run" },
  {
    args: ["create", "-f", "-"],
    stdin: configMap({ k: "\u00fc".repeat(400_000) }, "big"),
    says: "configmap/big created",
  },
  { args: ["get", "configmap", "big", "-o", "jsonpath={.data.k}"], says: "\u00fc\u00fc" },
  { args: ["edit", "configmap", "a"], env: { KUBE_EDITOR: "sed -i s/three/five/" }, says: "edited" },
  { args: ["patch", "configmap", "a", "-p", '{"data":{"k":"6"}}'], says: "patched" },
  { args: ["patch", "configmap", "a", "--type=json", "-p", '[{"op":"remove","path":"/data/none"}]'], code: 1 },
  { args: ["label", "configmap", "a", "x=y"], says: "labeled" },
  { args: ["get", "configmaps", "-l", "x in (y, z),!none", "-o", "name"], says: "configmap/a" },
  { args: ["get", "configmaps", "--field-selector=metadata.name=a", "-o", "name"], says: "configmap/a" },
  { args: ["describe", "configmap", "a"], says: "Data" },
  { args: ["wait", "--for=jsonpath={.data.k}=6", "configmap/a", "--timeout=60s"], says: "condition met" },
  { args: ["wait", "--for=jsonpath={.data.k}=7", "configmap/a", "--timeout=1s"], code: 1, says: "timed out" },
  // Longer than a watch: kubectl watches again.
  { args: ["wait", "--for=jsonpath={.data.k}=7", "configmap/a", "--timeout=5s"], code: 1, says: "timed out" },
  { args: ["create", "deployment", "d", "--image=none"], says: "created" },
  { args: ["scale", "deployment", "d", "--replicas=3"], says: "scaled" },
  { args: ["create", "serviceaccount", "robot"], says: "created" },
  { args: ["create", "token", "robot"], comparable: ({ code, stdout }) => [code, stdout.split(".").length] },
  { args: ["events"], says: "No events" },
  { args: ["auth", "can-i", "create", "pods"], says: "yes" },
  { args: ["auth", "can-i", "create", "pods"], caller: "stranger", code: 1, says: "no" },
  { args: ["auth", "can-i", "--list"], caller: "rita", says: "configmaps" },
  { args: whoami, says: "olga", comparable: userInfo },
  { args: whoami, caller: "ulf", says: "u-1", comparable: userInfo },
  { args: whoami, caller: "zo\u00eb", says: "zo\u00eb", comparable: userInfo },
  { args: [...whoami, "--as=rita", "--as-group=g1", "--as-group=g,2"], says: "g,2", comparable: userInfo },
  { args: [...whoami, "--as=rita", "--as-user-extra=scope=x"], says: "scope", comparable: userInfo },
  {
    args: [...whoami, "--as=system:serviceaccount:default:robot"],
    says: "system:serviceaccounts:default",
    comparable: userInfo,
  },
  { args: ["get", "configmaps", "-o", "name", "--as=rita"], says: "configmap/a" },
  { args: ["get", "secrets", "--as=rita"], code: 1, says: "Forbidden" },
  { args: ["get", "pods", "--as=olga"], caller: "rita", code: 1, says: "Forbidden", comparable: ({ code }) => code },
  { args: ["logs", "p1"], says: "main line 2" },
  { args: ["delete", "configmap", "a"], says: "deleted" },
  { args: ["delete", "configmaps", "--all"], says: "deleted" },
];

const run = (row: Row, way: Way, extra: readonly string[] = []): Promise<KubectlResult> => {
  const { args, caller = "olga", stdin = "", env = {} } = row;
  const kubectl = way === "direct" ? stage.kubectl : throughFunction;
  return kubectl(stage.user(caller), ["-n", way, ...args, ...extra], { stdin, env });
};

const outcome = (row: Row, { code, stdout, stderr }: KubectlResult): unknown => {
  const clean = (text: string): string =>
    text
      .replaceAll(/\b(direct|lambda)\b/g, "NAMESPACE")
      .replaceAll(/(: |, )decision made by proxy\.impersonation-admission/g, "")
      .replaceAll(/\b\d+(\.\d+)?m?s\b/g, "TIME");
  const comparable = row.comparable ?? ((cleaned: KubectlResult) => cleaned);
  return comparable({ code, stdout: clean(stdout), stderr: clean(stderr) });
};

describe("kubectl prints the same and ends with the same code, directly and through the function", () => {
  test.each(rows.map((row) => [`${row.args.join(" ").slice(0, 80)} ${row.caller ?? ""}`, row] as const))(
    "%s",
    async (_name, row) => {
      const direct = await run(row, "direct");
      expect(direct.code, direct.stderr).toBe(row.code ?? 0);
      expect(direct.stdout + direct.stderr).toContain(row.says ?? "");
      expect(outcome(row, await run(row, "lambda"))).toEqual(outcome(row, direct));
    },
  );
});

const olga = (): Caller => stage.user("olga");
const bearerOf = ({ token }: Caller): readonly string[] => ["authorization", `Bearer ${token}`];
const statusIn = ({ text }: Received) => JSON.parse(text);

describe("what a function cannot do is refused with a sentence that kubectl shows", () => {
  const file = (): string => join(stage.connection.folder, "copied");
  const sentence = /needs the proxy's server \(npm run proxy\)/;

  test.each<[command: string, args: () => readonly string[]]>([
    ["exec", () => ["exec", "p1", "--", "true"]],
    ["attach", () => ["attach", "p1"]],
    ["port-forward", () => ["port-forward", "p1", ":80"]],
    ["cp to a pod", () => ["cp", stage.kubeconfigFile, `lambda/p1:${file()}`]],
    ["cp from a pod", () => ["cp", `lambda/p1:${stage.kubeconfigFile}`, file()]],
  ])("%s", async (_, args) => {
    for (const env of [{}, { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }]) {
      const { code, stderr } = await throughFunction(olga(), ["-n", "lambda", ...args()], { env });
      expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    }
  });

  test("an upgrade, where the gateway lets its headers through", async () => {
    const open = await startProxy({ keepsUpgrade: true });
    const mark = stage.auditMark();
    const { code, stderr } = await kubectlThrough(open)(olga(), ["exec", "-n", "lambda", "p1", "--", "true"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    const { status, text } = await send(open, {
      ...{ http: 1, path: "/api/v1/pods", lines: [...bearerOf(olga()), "Connection", "Upgrade", "Upgrade", "h2c"] },
    });
    expect([status, text]).toEqual([400, expect.stringMatching(sentence)]);
    const reached = stage.auditEvents(mark).map(({ requestURI }) => requestURI);
    expect(reached.filter((uri) => /exec|\/api\/v1\/pods$/.test(uri))).toEqual([]);
    await open.close();
  });
});

describe("watches", () => {
  const timed = async (args: readonly string[]) => {
    const started = Date.now();
    const result = await throughFunction(olga(), ["-n", "lambda", ...args]);
    return { ...result, seconds: (Date.now() - started) / 1_000 };
  };

  test.each([
    ["get -w", ["get", "pods", "-w", "-o", "name"], "pod/p1"],
    ["get --watch-only", ["get", "pods", "--watch-only", "-o", "name"], ""],
    ["events -w", ["events", "-w"], ""],
  ])("%s ends at the cap, with exit code 0", async (_, args, says) => {
    const mark = stage.auditMark();
    const { code, stdout, stderr, seconds } = await timed(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(says);
    expect(seconds).toBeGreaterThan(watchSeconds - 0.5);
    const watches = stage.auditEvents(mark).filter(({ verb }) => verb === "watch");
    expect(new Set(watches.map(({ requestURI }) => requestURI.replace(/.*&/, "")))).toEqual(
      new Set([`timeoutSeconds=${watchSeconds}`]),
    );
  });

  test("a change is printed as it happens", async () => {
    const long = await startProxy({ environment: { PROXY_WATCH_SECONDS: "290" } });
    const mark = stage.auditMark();
    const { output, ended, stop } = startKubectl(long, ["get", "configmaps", "-w", "-o", "name"]);
    await until("the watch is open", async () => stage.auditEvents(mark).some(({ verb }) => verb === "watch"));
    await applied(stage, [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "watched", namespace: "lambda" } }]);
    await until("the change is printed", async () => output().includes("configmap/watched"));
    stop();
    await ended;
    await long.close();
  });

  test("a client that leaves does not end the invocation, which ends at the cap", async () => {
    await until("nothing runs", async () => proxy.gateway.busy() === 0);
    const leave = new AbortController();
    const started = Date.now();
    await send(proxy, {
      ...{ http: 2, path: "/api/v1/pods?watch=1", lines: bearerOf(olga()), signal: leave.signal },
      onData: () => leave.abort(),
    });
    expect(proxy.gateway.busy()).toBe(1);
    await until("the invocation has ended", async () => proxy.gateway.busy() === 0);
    expect(Date.now() - started).toBeGreaterThan(1_000 * (watchSeconds - 0.5));
  });
});

test("logs -f prints lines as they come, and ends with an error before the function's time does", async () => {
  const short = await startProxy({ timeout: 10_000 });
  const { output, ended } = startKubectl(short, ["logs", "-f", "p1"]);
  await until("lines arrive", async () => output().includes("line 5"));
  const [code] = await ended;
  expect([code, output()]).toEqual([1, expect.stringMatching(/^error: /m)]);
  await until("the line is written", async () => short.lines().some(({ subresource }) => subresource === "log"));
  expect(short.lines().find(({ subresource }) => subresource === "log")).toMatchObject({
    ...{ level: "ERROR", decision: "forwarded", status: "200" },
    reason: "the request was not complete at its deadline",
  });
  expect(areAlive(short)).toBe(true);
  await short.close();
});

describe("answers", () => {
  test("a 304 keeps its headers", async () => {
    const path = "/openapi/v2";
    const lines = [...bearerOf(olga()), "accept", "application/json"];
    const whole = await send(proxy, { http: 2, path, lines });
    const etag = header(whole, "etag") ?? expect.unreachable();
    const again = await send(proxy, { http: 2, path, lines: [...lines, "if-none-match", etag] });
    expect([again.status, again.text, header(again, "etag"), again.isWhole]).toEqual([304, "", etag, true]);
  });

  test("a large list arrives whole, compressed by the API server", async () => {
    const entries = Array.from({ length: 40 }, (_, at) => ({
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `large-${at}`, namespace: "lambda" } },
      data: { k: "x".repeat(50_000) },
    }));
    await applied(stage, entries);
    const path = "/api/v1/namespaces/lambda/configmaps";
    const plain = await send(proxy, { http: 2, path, lines: bearerOf(olga()) });
    expect([plain.status, plain.isWhole, plain.text.length > 2_000_000]).toEqual([200, true, true]);
    const zipped = await send(proxy, { http: 2, path, lines: [...bearerOf(olga()), "accept-encoding", "gzip"] });
    expect([header(zipped, "content-encoding"), zipped.isWhole]).toEqual(["gzip", true]);
  });
});

describe("the identity of a request", () => {
  test("the audit log holds all three identities, and the gateway's address of the caller", async () => {
    const mark = stage.auditMark();
    const path = "/api/v1/namespaces/lambda/configmaps/none";
    await send(proxy, {
      ...{ http: 1, path },
      lines: [...bearerOf(olga()), "Impersonate-User", "rita", "X-Forwarded-For", "198.51.100.1"],
    });
    const [event] = stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.name === "none");
    expect(event).toMatchObject({ user: { username: "proxy-actor" }, impersonatedUser: { username: "rita" } });
    expect(JSON.parse(event?.impersonatedUser?.extra?.[originalKey]?.[0] ?? "{}").username).toBe("olga");
    expect((event as { readonly sourceIPs?: unknown } | undefined)?.sourceIPs).toEqual(["127.0.0.1"]);
  });

  test.each<[what: string, lines: readonly string[], code: number]>([
    ["a bad token", ["authorization", "Bearer nonsense"], 401],
    ["an unknown impersonation header", ["Impersonate-Userextras", "x"], 400],
    ["groups without a user", ["Impersonate-Group", "system:masters"], 400],
    ["a user beyond ASCII, whose encoding a gateway does not tell", ["Impersonate-User", "zo\u00c3\u00ab"], 400],
  ])("%s is refused, and reaches no API server", async (_, lines, code) => {
    const mark = stage.auditMark();
    const credential = lines[0] === "authorization" ? [] : bearerOf(olga());
    const received = await send(proxy, { http: 1, path: "/api/v1/pods", lines: [...credential, ...lines] });
    expect([received.status, statusIn(received).kind]).toEqual([code, "Status"]);
    expect(stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.resource === "pods")).toEqual([]);
  });

  test("a request without a credential goes on without one", async () => {
    const received = await send(proxy, { http: 2, path: "/api/v1/pods" });
    expect([received.status, statusIn(received).message]).toEqual([403, expect.stringContaining("system:anonymous")]);
  });
});

describe("OIDC tokens", () => {
  const seconds = (): number => Math.floor(Date.now() / 1_000);
  const person = { sub: "carol", aud: "kubernetes", groups: ["readers"] };

  test("a token of an issuer of the function's own is judged by the function, and each other one by the cluster", async () => {
    const issuer = await startOidcIssuer(await newSigningKey("ES256", "one"));
    const file = join(stage.connection.folder, "authentication.json");
    const configuration = (prefix: string) => ({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: { url: issuer.url, certificateAuthority: issuer.ca, audiences: ["kubernetes"] },
          claimMappings: { username: { claim: "sub", prefix }, groups: { claim: "groups", prefix: "" } },
        },
      ],
    });
    writeFileSync(file, JSON.stringify(configuration("one:")));
    const environment = { PROXY_AUTHENTICATION: `file:${file}`, REGISTRY_MAX_AGE: "1" };
    const trusting = await startProxy({ environment });
    const kubectl = kubectlThrough(trusting);
    const carol = { name: "carol", token: await issuer.sign({ ...person, exp: seconds() + 600 }) };
    const usernameOf = async (caller: Caller) => {
      const { stdout, stderr } = await kubectl(caller, whoami);
      return stdout === "" ? stderr : JSON.parse(stdout).status.userInfo.username;
    };
    expect(await usernameOf(olga())).toBe("olga");
    expect(await usernameOf(carol)).toBe("one:carol");
    expect((await kubectl(carol, ["get", "configmaps", "-n", "lambda"])).code).toBe(0);
    expect((await kubectl(carol, ["get", "secrets", "-n", "lambda"])).stderr).toContain("Forbidden");
    const expired = await issuer.sign({ ...person, exp: seconds() - 1 });
    expect(await usernameOf({ ...carol, token: expired })).toContain("Unauthorized");
    // The audit log also holds the reviews of the actor's token, one for each new instance.
    const judged = trusting.lines().filter(({ event, caller }) => event === "request" && caller !== "olga");
    expect(new Set(judged.map(({ caller, refusal }) => caller ?? refusal))).toEqual(
      new Set(["one:carol", "unauthenticated"]),
    );
    expect(judged.filter((line) => "tokenReviews" in line)).toEqual([]);

    writeFileSync(file, JSON.stringify(configuration("two:")));
    await until("the file is read again", async () => (await usernameOf(carol)) === "two:carol");
    writeFileSync(file, "{}");
    const isNoted = () => trusting.lines().some(({ event, problem }) => event === "issuers" && problem !== undefined);
    await until("its fault is noted", async () => {
      expect(await usernameOf(carol)).toBe("two:carol");
      return isNoted();
    });
    for (const { output } of trusting.gateway.instances) expect(output()).not.toContain(carol.token);
    await trusting.close();
    await issuer.close();
  });

  test("while the issuers cannot be read, no token goes to the cluster, which may be theirs", async () => {
    const doubting = await startProxy({ environment: { PROXY_AUTHENTICATION: "file:/nowhere/authentication.json" } });
    const mark = stage.auditMark();
    const received = await send(doubting, { http: 2, path: "/api/v1/pods", lines: bearerOf(olga()) });
    expect([received.status, statusIn(received).message]).toEqual([
      503,
      expect.stringContaining("its issuers of OIDC tokens cannot be read; its log says why"),
    ]);
    expect(stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.resource === "pods")).toEqual([]);
    expect(doubting.lines().filter(({ event }) => event === "issuers")[0]).toMatchObject({
      level: "ERROR",
      problem: "the authentication configuration /nowhere/authentication.json cannot be read (ENOENT)",
    });
    const [request = expect.unreachable()] = doubting.lines().filter(({ event }) => event === "request");
    expect(request).toMatchObject({ refusal: "unanswered", status: "503" });
    expect(request).not.toHaveProperty("tokenReviews");
    await doubting.close();
  });
});

test.each([
  "/api/v1/namespaces/lambda/pods/p1%2Flog",
  "/api/v1/namespaces/%6cambda/pods",
  "/api/v1//pods",
  "/api/v1/namespaces/../pods",
  "/../other/api/v1/pods",
  "/api/v1/pods;a=b",
])("a path that cannot be rebuilt without doubt is 400: %s", async (path) => {
  const mark = stage.auditMark();
  const received = await send(proxy, { http: 1, path, lines: bearerOf(olga()) });
  expect([received.status, statusIn(received).reason]).toEqual([400, "BadRequest"]);
  expect(stage.auditEvents(mark).filter(({ user }) => user.username === "proxy-actor")).toEqual([]);
});

test("a query goes on as it was read: a value cannot become a parameter", async () => {
  const mark = stage.auditMark();
  const path = "/api/v1/namespaces/lambda/configmaps?fieldSelector=metadata.name%3Da%26watch%3D1&limit=2";
  await send(proxy, { http: 1, path, lines: bearerOf(olga()) });
  const [event] = stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.resource === "configmaps");
  expect(event).toMatchObject({ verb: "list", requestURI: path });
});

test("a cluster that is not in the registry is 404", async () => {
  const elsewhere = { ...proxy, url: proxy.url.replace(/prod$/, "other") };
  const received = await send(elsewhere, { http: 2, path: "/api/v1/pods", lines: bearerOf(olga()) });
  expect([received.status, statusIn(received).reason]).toEqual([404, "NotFound"]);
});

test("each request is a line of JSON that counts itself, without a token", () => {
  const requests = proxy.lines().filter(({ event }) => event === "request");
  expect(requests.length).toBeGreaterThan(100);
  expect(
    requests.find(({ caller, verb, resource }) => caller === "olga" && verb === "list" && resource === "pods"),
  ).toMatchObject({
    ...{ level: "INFO", cluster: "prod", peer: "127.0.0.1", caller: "olga", user: "olga", credential: "actor" },
    ...{ decision: "forwarded", status: "200", function: "admission", Requests: 1 },
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: expect.any(Array) },
  });
  const { tokens } = stage.connection;
  for (const { output } of proxy.gateway.instances)
    for (const token of Object.values(tokens)) expect(output()).not.toContain(token);
});
