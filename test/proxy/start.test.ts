import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { until } from "../cluster/world/until.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { type Received, send } from "./world/clients.ts";
import { impersonator, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
const folder = mkdtempSync(join(tmpdir(), "proxy-start-"));

beforeAll(async () => {
  stage = await startStage(["--anonymous-auth=false"]);
  const bind = (user: string, role: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${user}-${role}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: user, namespace: "kube-system" }],
  });
  await applied(stage, [
    impersonator("acts"),
    ...["good-actor", "rich-actor", "poor-actor"].map((name) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: "kube-system" },
    })),
    bind("good-actor", "acts"),
    bind("rich-actor", "acts"),
    bind("rich-actor", "view-configmaps"),
  ]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await stage?.stop();
});

/** A kubeconfig whose acting user is as given. */
const withActor = (user: object): string => {
  const config = JSON.parse(readFileSync(stage.kubeconfigFile, "utf8"));
  config.users = [config.users[0], { name: "actor", user }];
  const file = join(folder, `kubeconfig-${Math.random()}`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};

describe("the command refuses to start", () => {
  const token = (name: string) => () => stage.connection.tokens[name];
  const accountToken = (name: string) => async () => (await serviceAccount(stage, "kube-system", name)).token;
  test.each([
    ["a user that is not there", ["--actor", "other"], token("proxy-actor"), "--actor other is not a user"],
    ["no actor", [], token("proxy-actor"), "--actor is missing"],
    ["the user that asks", ["--actor", "asker"], token("proxy-actor"), "must differ"],
    ["the same account under another name", ["--actor", "actor"], token("proxy-asker"), "both accounts are"],
    ["an unknown token", ["--actor", "actor"], () => "nonsense", "does not accept the token"],
    ["an actor with more rights", ["--actor", "actor"], accountToken("rich-actor"), "list configmaps"],
    ["an actor in system:masters", ["--actor", "actor"], token("admin"), "may do more than impersonate: * *"],
    [
      "an actor that may not impersonate",
      ["--actor", "actor"],
      accountToken("poor-actor"),
      "must be allowed to impersonate",
    ],
    [
      "an unknown uid mode",
      ["--actor", "actor", "--uid", "drop"],
      token("proxy-actor"),
      "is not passthrough or impersonate",
    ],
    ["half a certificate", ["--actor", "actor", "--tls-cert", "a"], token("proxy-actor"), "go together"],
    [
      "a client CA that is not there",
      ["--actor", "actor", "--client-ca", "a"],
      token("proxy-actor"),
      "--client-ca a: ENOENT",
    ],
    ["no port", ["--actor", "actor", "--port", "x"], token("proxy-actor"), "is not a port"],
    [
      "half an exception",
      ["--actor", "actor", "--anonymous-exception", "x"],
      token("proxy-actor"),
      "GROUPPREFIX/RESOURCE",
    ],
  ])("%s", async (_name, args, tokenOf, sentence) => {
    const kubeconfig = withActor({ token: await tokenOf() });
    const port = args.includes("--port") ? [] : ["--port", "0"];
    const { status, stdout, stderr } = await runCommand("proxy", ["--kubeconfig", kubeconfig, ...port, ...args]);
    expect(stderr).toContain(sentence);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    [
      "a client certificate",
      { "client-certificate-data": "YQ==", "client-key-data": "YQ==", token: "a" },
      "has a client certificate",
    ],
    ["impersonation of its own", { as: "olga", token: "a" }, "impersonates another user"],
    ["nothing", {}, "user has no token"],
  ])("an actor with %s", async (_name, user, sentence) => {
    const args = ["--kubeconfig", withActor(user), "--actor", "actor", "--port", "0"];
    const { status, stderr } = await runCommand("proxy", args);
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });
});

const endlessTimers = `const { setTimeout: call } = globalThis;
globalThis.setTimeout = (listener, milliseconds, ...given) => call(listener, milliseconds < 30_000 ? milliseconds : 2 ** 31 - 1, ...given);`;
/** The environment of a proxy for which the 30 s never end that it gives to requests which are under way when it is stopped. */
const endlessDrain = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(endlessTimers)}` };

test("the command serves, logs a line for each request, and ends at SIGTERM at once where no request is under way", async () => {
  const { token } = await serviceAccount(stage, "kube-system", "good-actor");
  const args = ["--kubeconfig", withActor({ token }), "--actor", "actor", "--port", "0"];
  const { child, said } = startCommand("proxy", args, { environment: endlessDrain });
  await until("it listens", async () => said.stdout.includes("impersonates"));
  expect(said.stdout).toMatch(
    /^# listening on https:\/\/localhost:\d+\/k8s\/clusters\/prod\n# its CA is in \S+ca\.pem\n# proxy-asker asks, system:serviceaccount:kube-system:good-actor impersonates\n$/,
  );
  const [, url = ""] = /listening on (\S+)/.exec(said.stdout) ?? [];
  const [, caFile = ""] = /CA is in (\S+)/.exec(said.stdout) ?? [];
  const front = { url, ca: readFileSync(caFile, "utf8") };
  const lines = ["authorization", `Bearer ${stage.user("rita").token}`];
  expect((await send(front, { http: 2, path: "/api/v1/configmaps", lines })).status).toBe(200);
  expect((await send(front, { http: 1, path: "/api/v1/secrets", lines })).status).toBe(403);
  await until("the lines are there", async () => said.stderr.trim().split("\n").length === 3);
  const [accounts, first, second] = said.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(accounts).toEqual({
    event: "accounts",
    cluster: "prod",
    asker: "proxy-asker",
    actor: "system:serviceaccount:kube-system:good-actor",
    warnings: [],
  });
  expect(first).toMatchObject({
    caller: "rita",
    user: "rita",
    credential: "actor",
    verb: "list",
    resource: "configmaps",
    decision: "forwarded",
    status: 200,
  });
  expect(second).toMatchObject({ caller: "rita", resource: "secrets", decision: "refused", status: 403 });
  child.kill("SIGTERM");
  const [status] = await once(child, "close");
  expect(status).toBe(0);
});

test("a cluster is served at the root where that is asked for", async () => {
  const proxy = await stage.serve({ atRoot: true });
  expect(new URL(proxy.url).pathname).toBe("/");
  const lines = ["authorization", `Bearer ${stage.user("rita").token}`];
  expect((await send(proxy, { http: 2, path: "/api/v1/configmaps", lines })).status).toBe(200);
});

test("where a cluster refuses anonymous requests, only the exception goes on as system:anonymous", async () => {
  const anonymousException = { groupPrefix: "authentication.", resource: "selfsubjectreviews" };
  const proxy = await stage.serve({ anonymousException });
  const mark = stage.auditMark();
  const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
  const lines = ["content-type", "application/json"];
  const review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const excepted = await send(proxy, { http: 2, method: "POST", path: review, lines, body });
  const other = await send(proxy, { http: 2, path: "/api/v1/configmaps" });
  expect([excepted.status, other.status]).toEqual([403, 401]);
  const acted = stage.auditEvents(mark).filter(({ user }) => user.username === "proxy-actor");
  expect(acted.map(({ impersonatedUser }) => [impersonatedUser?.username, impersonatedUser?.groups])).toEqual([
    ["system:anonymous", ["system:unauthenticated"]],
  ]);
});

test.each([1, 2] as const)("the headers of an answer are the API server's, over HTTP/%i", async (http) => {
  const proxy = await stage.serve();
  const direct = { url: stage.connection.url, ca: stage.connection.caPem };
  const lines = ["authorization", `Bearer ${stage.user("olga").token}`, "accept-encoding", "gzip"];
  const own = ["date", "audit-id", "connection", "keep-alive", "etag", "transfer-encoding", "content-length"];
  for (const path of ["/openapi/v3", "/api/v1/namespaces/default", "/nothing", "/apis"]) {
    const named = ({ lines: all }: Received) =>
      all.flatMap((name, at) => (at % 2 === 0 && !own.includes(name) ? [`${name}: ${all[at + 1]}`] : [])).sort();
    // An API server that has just started still changes what it publishes, and with it Last-Modified.
    const [through, straight] = await until("the API server gives the same headers before and after", async () => {
      const before = await send(direct, { http: 2, path, lines });
      const between = await send(proxy, { http, path, lines });
      const after = await send(direct, { http: 2, path, lines });
      return isDeepStrictEqual(named(before), named(after)) && ([between, after] as const);
    });
    expect([through.status, named(through)]).toEqual([straight.status, named(straight)]);
    const head = await send(proxy, { http, method: "HEAD", path, lines });
    const straightHead = await send(direct, { http: 2, method: "HEAD", path, lines });
    expect([head.status, head.isWhole, head.text]).toEqual([straightHead.status, true, ""]);
    const dates = through.lines.filter((name, at) => at % 2 === 0 && name === "date");
    expect(dates).toEqual(["date"]);
  }
});
