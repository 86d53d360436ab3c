import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOwnAuthority } from "../../functions/certificates/own-authority.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { serveOn } from "../../infra/local/serve-on.ts";
import { fleetSource } from "../../infra/local/server-sources.ts";
import { kubectlRunner } from "../cluster/harness/kubectl.ts";
import { applied } from "../cluster/world/applied.ts";
import { until } from "../cluster/world/until.ts";
import { runCommand, startCommand } from "../support/command.ts";
import {
  anyUsage,
  keyEncipherment,
  type MadeCertificate,
  makeCertificate,
  names,
  serverAuth,
} from "../support/made-certificate.ts";
import { type Front, type Received, send } from "./world/clients.ts";
import { type Kubelet, startKubelet } from "./world/kubelet.ts";
import { runPod } from "./world/running-pod.ts";
import { serveProxy } from "./world/serve-proxy.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";
import { startStandIn } from "./world/stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "client-certificates-"));
const at = (name: string): string => join(folder, name);
const fronts = [1, 2] as const;
const namespace = "by-certificate";
const original = "proxy.impersonation-admission/original-user-info";
const credentialId = "authentication.kubernetes.io/credential-id";

const makeAll = async () => {
  const ca = (name: string, pathLength: true | 0 = 0) => makeCertificate({ subject: `CN=${name}`, ca: pathLength });
  const [cluster, own, proxies] = await Promise.all([ca("cluster", true), ca("own"), ca("proxies")]);
  const forger = await makeCertificate({ subject: "CN=cluster", ca: true });
  const between = await makeCertificate({ subject: "CN=between", ca: true, by: cluster });
  const ownBetween = await makeCertificate({ subject: "CN=own between", ca: true, by: own });
  const issue = (by: MadeCertificate, pairs: readonly (readonly [string, string])[], more = {}) =>
    makeCertificate({ subject: names(...pairs), by, ...more });
  const chain = (leaf: MadeCertificate, intermediate: MadeCertificate) => ({
    ...leaf,
    cert: leaf.cert + intermediate.cert,
  });
  const alice = [
    ["CN", "alice"],
    ["O", "team-b"],
    ["O", "team-a"],
  ] as const;
  return {
    cluster,
    own,
    proxies,
    alice: await issue(cluster, alice),
    bob: await issue(own, [
      ["CN", "bob"],
      ["O", "readers"],
    ]),
    root: await issue(cluster, [
      ["CN", "root"],
      ["O", "system:masters"],
    ]),
    ownRoot: await issue(own, [
      ["CN", "root"],
      ["O", "system:masters"],
    ]),
    umlaut: await issue(cluster, [
      ["CN", "zoë"],
      ["O", "über"],
    ]),
    unsafe: await issue(cluster, [["CN", "a\nb"]]),
    unnamed: await issue(cluster, [["O", "team-a"]]),
    withUid: await issue(cluster, [
      ["CN", "una"],
      ["1.3.6.1.4.1.57683.2", "u-7"],
    ]),
    forged: await issue(forger, alice),
    mallory: await issue(forger, [["CN", "mallory"]]),
    forgedWithoutKey: await issue(forger, alice, { keyIds: false }),
    expired: await issue(cluster, alice, { notAfter: new Date(Date.now() - 60_000) }),
    forServers: await issue(cluster, alice, { usages: [serverAuth] }),
    forAnything: await issue(cluster, alice, { usages: [anyUsage] }),
    forEncipherment: await issue(cluster, alice, { keyUsages: keyEncipherment }),
    forNothing: await issue(cluster, alice, { usages: [] }),
    notSent: await issue(between, alice),
    sent: chain(await issue(between, alice), between),
    ownSent: chain(await issue(ownBetween, alice), ownBetween),
    byUser: chain(await issue(await issue(cluster, alice), alice), await issue(cluster, alice)),
    frontProxy: await issue(proxies, [["CN", "front-proxy"]]),
    otherProxy: await issue(proxies, [["CN", "other"]]),
  };
};

let made: Awaited<ReturnType<typeof makeAll>>;
type Kind = Exclude<keyof typeof made, "cluster" | "own" | "proxies">;
let stage: Stage;
let proxy: Served;
let impersonating: Served;
let kubelet: Kubelet;

beforeAll(async () => {
  made = await makeAll();
  writeFileSync(at("cluster-ca.pem"), made.cluster.cert);
  writeFileSync(at("proxies-ca.pem"), made.proxies.cert);
  stage = await startStage([
    `--client-ca-file=${at("cluster-ca.pem")}`,
    `--requestheader-client-ca-file=${at("proxies-ca.pem")}`,
    "--requestheader-allowed-names=front-proxy",
    "--requestheader-username-headers=X-Remote-User,X-My-User",
    "--requestheader-uid-headers=X-Remote-Uid",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  ]);
  const all = (name: string, user: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
  });
  await applied(stage, [all("alice", "alice"), all("bob", "bob")]);
  kubelet = await startKubelet(stage.connection.folder);
  await runPod(stage, kubelet, namespace);
  const own = { cas: readOwnAuthority(made.own.cert), allowedNames: new Set<string>() };
  proxy = await stage.serve({ own: () => own });
  impersonating = await stage.serve({ own: () => own, uid: "impersonate" });
});
afterAll(async () => {
  await kubelet?.stop();
  await stage?.stop();
  rmSync(folder, { recursive: true });
});

const direct = (): Front => ({ url: stage.connection.url, ca: stage.connection.caPem });
const bearer = (name: string) => ["authorization", `Bearer ${stage.user(name).token}`];
const review = {
  method: "POST",
  path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
  body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
};
/** Asks who a client is that shows a certificate. */
const whoAmI = (front: Front, http: 1 | 2, kind: Kind | undefined, lines: readonly string[] = []) =>
  send(
    { ...front, client: kind && made[kind] },
    { ...review, http, lines: ["content-type", "application/json", ...lines] },
  );
const userIn = ({ text }: Received) => JSON.parse(Buffer.from(text, "utf8").toString()).status.userInfo;

/** Whose requests reached the API server since a mark, and as which user. */
const actedAs = (mark: number): readonly string[] =>
  stage
    .auditEvents(mark)
    .filter(({ user }) => user.username !== "proxy-asker")
    .map(({ user, impersonatedUser }) => `${user.username} as ${impersonatedUser?.username ?? "itself"}`);

describe.each(fronts)("over HTTP/%i", (http) => {
  test.each<Kind>(["alice", "root", "umlaut", "forNothing", "sent"])(
    "the API server sees the same user as without the proxy: %s",
    async (kind) => {
      const straight = userIn(await whoAmI(direct(), http, kind));
      const mark = stage.auditMark();
      const through = await whoAmI(proxy, http, kind);
      expect([through.status, userIn(through)]).toEqual([201, straight]);
      expect(straight.extra[credentialId]).toEqual([expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)]);
      expect(actedAs(mark)).toEqual([`proxy-actor as ${straight.username}`]);
    },
  );

  test("a certificate of the own CA is a user of the cluster", async () => {
    const mark = stage.auditMark();
    expect((await whoAmI(direct(), http, "bob")).status).toBe(401);
    const received = await whoAmI(proxy, http, "bob");
    expect(userIn(received)).toMatchObject({ username: "bob", groups: ["readers", "system:authenticated"] });
    expect(actedAs(mark).filter((line) => line.startsWith("proxy-actor"))).toEqual(["proxy-actor as bob"]);
  });

  test.each<readonly [Kind, RegExp]>([
    ["forged", /not accepted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/],
    ["forgedWithoutKey", /not accepted \(CERT_SIGNATURE_FAILURE\)/],
    ["expired", /not accepted \(CERT_HAS_EXPIRED\)/],
    ["forServers", /not accepted \(INVALID_PURPOSE\)/],
    ["notSent", /not accepted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/],
    ["byUser", /not accepted/],
    ["ownSent", /not accepted \(PATH_LENGTH_EXCEEDED\)/],
    ["ownRoot", /own CA has the reserved name "system:masters"/],
    ["unnamed", /has no common name/],
    ["otherProxy", /names no user, or is not one of/],
    ["frontProxy", /names no user, or is not one of/],
  ])("does not stand for a user, as without the proxy: %s", async (kind, reason) => {
    expect((await whoAmI(direct(), http, kind)).status).toBe(401);
    const mark = stage.auditMark();
    const received = await whoAmI(proxy, http, kind);
    expect([received.status, JSON.parse(received.text).message]).toEqual([401, "Unauthorized"]);
    expect(actedAs(mark)).toEqual([]);
    expect(proxy.entries.at(-1)).toMatchObject({
      decision: "refused",
      status: 401,
      reason: expect.stringMatching(reason),
    });
    expect(proxy.entries.at(-1)).not.toHaveProperty("caller");
  });

  test.each<readonly [Kind, readonly string[], number, string]>([
    ["forAnything", [], 401, "(INVALID_PURPOSE)"],
    ["forEncipherment", [], 401, "(INVALID_PURPOSE)"],
    ["unsafe", [], 403, "would not arrive as it is"],
    ["frontProxy", ["x-remote-user", "carol\xff"], 401, "not UTF-8"],
  ])("a documented difference: %s is refused", async (kind, lines, status, reason) => {
    expect((await whoAmI(direct(), http, kind, lines)).status).toBe(201);
    const mark = stage.auditMark();
    expect((await whoAmI(proxy, http, kind, lines)).status).toBe(status);
    expect(proxy.entries.at(-1)?.reason).toContain(reason);
    expect(actedAs(mark)).toEqual([]);
  });

  test("a user with a uid is impersonated with it, or refused, and never without it", async () => {
    const straight = userIn(await whoAmI(direct(), http, "withUid"));
    expect(straight.uid).toBe("u-7");
    expect(userIn(await whoAmI(impersonating, http, "withUid"))).toEqual(straight);
    const refused = await whoAmI(proxy, http, "withUid");
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("use a token")]);
  });

  test.each<readonly [Kind, string, number | string]>([
    ["alice", "olga", "alice"],
    ["bob", "olga", "bob"],
    ["forged", "olga", "olga"],
    ["expired", "olga", "olga"],
    ["ownRoot", "olga", "olga"],
    ["otherProxy", "olga", "olga"],
  ])(
    "a certificate counts before a token, and a bad one beside a good token is ignored: %s and %s",
    async (kind, token, user) => {
      const mark = stage.auditMark();
      const received = await whoAmI(proxy, http, kind, bearer(token));
      expect(userIn(received).username).toBe(user);
      expect(actedAs(mark)).toEqual([`proxy-actor as ${user}`]);
    },
  );

  test("two bad credentials are 401", async () => {
    expect((await whoAmI(proxy, http, "forged", ["authorization", "Bearer nonsense"])).status).toBe(401);
  });

  const carol = [
    ...["x-remote-user", "carol", "x-remote-group", "ops", "x-remote-group", "a,b"],
    ...["x-remote-extra-example.com%2fscope", "one", "x-remote-extra-example.com%2fscope", "two"],
  ];

  test("a front proxy names the user, as without the proxy", async () => {
    const straight = userIn(await whoAmI(direct(), http, "frontProxy", carol));
    expect(straight).toMatchObject({ username: "carol", groups: ["ops", "a,b", "system:authenticated"] });
    const mark = stage.auditMark();
    expect(userIn(await whoAmI(proxy, http, "frontProxy", carol))).toEqual(straight);
    expect(actedAs(mark)).toEqual(["proxy-actor as carol"]);
    const second = await whoAmI(proxy, http, "frontProxy", ["x-my-user", "dora"]);
    expect(userIn(second).username).toBe("dora");
    const withToken = await whoAmI(proxy, http, "frontProxy", [...carol, ...bearer("olga")]);
    expect(userIn(withToken).username).toBe("carol");
  });

  test.each<readonly [string, Kind | undefined, readonly string[], number | string]>([
    ["no certificate", undefined, [], "anonymous"],
    ["a token alone", undefined, ["olga"], "olga"],
    ["another user's certificate", "alice", [], "alice"],
    ["a certificate of the own CA", "bob", [], "bob"],
    ["the certificate of another front proxy", "otherProxy", [], 401],
    ["a forged certificate", "forged", [], 401],
  ])("the headers of a front proxy are not believed beside %s", async (_what, kind, tokens, expected) => {
    const mark = stage.auditMark();
    const received = await whoAmI(proxy, http, kind, [...carol, ...tokens.flatMap(bearer)]);
    const acted = actedAs(mark);
    if (typeof expected === "number") expect([received.status, acted]).toEqual([expected, []]);
    else if (expected === "anonymous") expect(acted).toEqual(["system:anonymous as itself"]);
    else expect([userIn(received).username, acted]).toEqual([expected, [`proxy-actor as ${expected}`]]);
    expect(received.text).not.toContain("carol");
  });

  test.each<readonly [string, string, Kind | undefined, string | undefined, number]>([
    ["another host, with a certificate of the cluster", "https://evil.example", "alice", undefined, 403],
    ["another host, with one of the own CA", "https://evil.example", "bob", undefined, 403],
    ["no host that it tells, with a certificate", "null", "alice", undefined, 403],
    ["another host, with a token", "https://evil.example", undefined, "olga", 201],
    ["another host, with a token beside a bad certificate", "https://evil.example", "forged", "olga", 201],
    ["the proxy's own host, with a certificate", "OWN", "alice", undefined, 201],
  ])("a request for a page of %s", async (_what, origin, kind, token, status) => {
    const mark = stage.auditMark();
    const lines = ["origin", origin.replace("OWN", new URL(proxy.url).origin), ...(token ? bearer(token) : [])];
    expect((await whoAmI(proxy, http, kind, lines)).status).toBe(status);
    expect(actedAs(mark)).toHaveLength(status === 201 ? 1 : 0);
  });
});

test("certificates do not cling to a connection that others share upwards", async () => {
  const asked = fronts.flatMap((http) =>
    (["alice", "bob", "umlaut"] as const).map((kind) => whoAmI(proxy, http, kind)),
  );
  const users = (await Promise.all(asked)).map((received) => userIn(received).username);
  expect(users).toEqual(["alice", "bob", "zoë", "alice", "bob", "zoë"]);
});

describe("kubectl", () => {
  const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" };
  /** kubectl with a client certificate, straight to the API server or through the proxy. */
  const kubectlAs = (front: Front, kind: Kind, args: readonly string[], env = {}) => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const { cert, key } = made[kind];
    const run = kubectlRunner(stage.connection.kubectlProgram, at(`kubectl-${kind}`), () =>
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: front.url, "certificate-authority-data": base64(front.ca ?? "") } }],
        users: [{ name: "u", user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) } }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace } }],
        "current-context": "c",
      }),
    );
    return run({ name: kind, token: "" }, args, { env });
  };

  test.each<readonly [Kind, string, object]>([
    ["alice", "websocket", {}],
    ["alice", "SPDY/3.1", spdy],
    ["bob", "websocket", {}],
    ["bob", "SPDY/3.1", spdy],
  ])("%s gets, and executes over %s", async (kind, protocol, env) => {
    const mark = stage.auditMark();
    expect(await kubectlAs(proxy, kind, ["get", "pods", "-o", "name"])).toMatchObject({ code: 0, stdout: "pod/p1\n" });
    const executed = await kubectlAs(proxy, kind, ["exec", "p1", "--", "sh", "-c", "echo $((6*7)); exit 3"], env);
    expect([executed.code, executed.stdout]).toEqual([3, "42\n"]);
    await until("the upgrade is logged", async () =>
      proxy.entries.some((entry) => entry.caller === kind && entry.status === 101 && entry.protocol === protocol),
    );
    // The end of an earlier upgrade may be written late.
    const actors = actedAs(mark);
    expect(actors).toContain(`proxy-actor as ${kind}`);
    expect(actors.filter((line) => !/^proxy-actor as (alice|bob)$/.test(line))).toEqual([]);
  });

  test("a forged certificate gets and executes nothing", async () => {
    const mark = stage.auditMark();
    for (const args of [
      ["get", "pods"],
      ["exec", "p1", "--", "true"],
    ]) {
      const { code, stderr } = await kubectlAs(proxy, "mallory", args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/Unauthorized|provide credentials|You must be logged in/),
      ]);
    }
    expect(actedAs(mark).filter((line) => /mallory|anonymous/.test(line))).toEqual([]);
  });

  test("whoami is the same with and without the proxy", async () => {
    const args = ["auth", "whoami", "-o", "json"];
    const [through, straight] = [await kubectlAs(proxy, "alice", args), await kubectlAs(direct(), "alice", args)];
    expect(through.code, through.stderr).toBe(0);
    expect(JSON.parse(through.stdout).status).toEqual(JSON.parse(straight.stdout).status);
  });

  test("the audit log holds all three identities of kubectl --as", async () => {
    const mark = stage.auditMark();
    expect((await kubectlAs(proxy, "alice", ["get", "configmaps", "--as=rita"])).code).toBe(0);
    const event = stage.auditEvents(mark).find(({ objectRef }) => objectRef?.resource === "configmaps");
    expect([event?.user.username, event?.impersonatedUser?.username]).toEqual(["proxy-actor", "rita"]);
    expect(JSON.parse(event?.impersonatedUser?.extra?.[original]?.[0] ?? "{}")).toEqual({
      username: "alice",
      groups: ["team-b", "team-a", "system:authenticated"],
      extra: { [credentialId]: [expect.stringMatching(/^X509SHA256=/)] },
    });
  });
});

describe("the commands, from nothing to kubectl", () => {
  test("certificate makes a CA, credential issues of it, the proxy takes it, and no longer when the CA is replaced", async () => {
    const run = async (command: string, args: readonly string[]) => {
      const ran = await runCommand(command, args);
      expect(ran.status, ran.stderr).toBe(0);
      return ran.stdout;
    };
    for (const name of ["first", "second"]) await run("certificate", ["--client-ca", "--out", at(name)]);
    const ca = at("trusted.crt");
    writeFileSync(ca, readFileSync(join(at("first"), "client-ca.crt")));
    const issue = async (name: string) => {
      const authority = ["--ca-cert", join(at(name), "client-ca.crt"), "--ca-key", join(at(name), "client-ca.key")];
      const file = at(`${name}.yaml`);
      writeFileSync(file, await run("credential", ["carla", "--group", "readers", ...authority]), { mode: 0o600 });
      return file;
    };
    const [first, second] = [await issue("first"), await issue("second")];

    const args = ["--kubeconfig", stage.kubeconfigFile, "--actor", "actor", "--port", "0", "--client-ca", ca];
    const { child, said } = startCommand("proxy", args);
    await until("it listens", async () => said.stdout.includes("impersonates"));
    const [, url = ""] = /listening on (\S+)/.exec(said.stdout) ?? [];
    const [, caFile = ""] = /CA is in (\S+)/.exec(said.stdout) ?? [];
    const cluster = { server: url, "certificate-authority-data": readFileSync(caFile).toString("base64") };
    writeFileSync(
      at("cluster.yaml"),
      JSON.stringify({
        clusters: [{ name: "c", cluster }],
        contexts: [{ name: "c", context: { cluster: "c" } }],
        "current-context": "c",
      }),
    );
    const kubectl = async (credential: string, ...more: readonly string[]) => {
      const env = {
        PATH: process.env["PATH"],
        HOME: folder,
        KUBECONFIG: [at("cluster.yaml"), credential].join(delimiter),
      };
      const ran = spawn(stage.connection.kubectlProgram, ["--user", "carla", ...more], { env });
      let output = "";
      for (const stream of [ran.stdout, ran.stderr])
        stream.on("data", (chunk) => {
          output += chunk;
        });
      const [code] = await once(ran, "close");
      return { code, output };
    };
    expect(await kubectl(first, "auth", "whoami")).toMatchObject({ code: 0, output: expect.stringContaining("carla") });
    expect((await kubectl(first, "get", "configmaps")).code).toBe(0);
    expect((await kubectl(first, "get", "secrets")).output).toContain("Forbidden");
    expect((await kubectl(second, "get", "configmaps")).output).toMatch(/Unauthorized|provide credentials|logged in/);

    writeFileSync(at("draft.crt"), readFileSync(join(at("second"), "client-ca.crt")));
    renameSync(at("draft.crt"), ca);
    await until("the new CA counts", async () => (await kubectl(second, "get", "configmaps")).code === 0, 120_000);
    expect((await kubectl(first, "get", "configmaps")).output).toMatch(/Unauthorized|provide credentials|logged in/);
    expect(said.stderr).toContain('{"event":"reload","what":"the own client CA"}');
    child.kill("SIGTERM");
    await once(child, "close");
  });
});

describe("the start", () => {
  test.each([
    ["the cluster's client CA", "cluster", /not a CA with pathlen:0/],
    [
      "the CA of the cluster's front proxies",
      "proxies",
      /the own client CA is the CA of the cluster's front proxy too/,
    ],
  ] as const)("is refused where the own CA is %s", async (_what, name, sentence) => {
    const serve = async () => {
      const own = { cas: readOwnAuthority(made[name].cert), allowedNames: new Set<string>() };
      return stage.serve({ own: () => own });
    };
    await expect(serve()).rejects.toThrow(sentence);
  });

  test("without the right to read the ConfigMap says what to grant, and no certificate of the cluster counts", async () => {
    const admin = stage.user("admin");
    const { code } = await stage.kubectl(admin, [
      "delete",
      "-n",
      "kube-system",
      "rolebinding",
      "proxy-reads-authentication",
    ]);
    expect(code).toBe(0);
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    await until("the right is gone", async () => (await stage.api(stage.user("proxy-asker"), { path })).status === 403);
    const own = { cas: readOwnAuthority(made.own.cert), allowedNames: new Set<string>() };
    const blind = await stage.serve({ own: () => own });
    const [warning = ""] = blind.warnings;
    expect(warning).toContain('"proxy-asker" may not read the ConfigMap');
    const statuses = async () =>
      Promise.all((["alice", "bob", "frontProxy"] as const).map(async (kind) => (await whoAmI(blind, 2, kind)).status));
    expect(await statuses()).toEqual([401, 201, 401]);

    const [, command = ""] = /to grant it: kubectl (.+)$/.exec(warning) ?? [];
    expect((await stage.kubectl(admin, command.split(" "))).code).toBe(0);
    await until(
      "the right is there",
      async () => (await stage.api(stage.user("proxy-asker"), { path })).status === 200,
    );
    const seeing = await stage.serve({ own: () => own });
    expect(seeing.warnings).toEqual([]);
    expect((await whoAmI(seeing, 2, "alice")).status).toBe(201);
  });
});

/** A stand-in of an API server that says this about its clients, and a kubeconfig for it. */
const standInWith = async (authentication: Readonly<Record<string, string>>) => {
  const tls = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const standIn = await startStandIn(tls, 0, authentication);
  const cluster = {
    server: `https://127.0.0.1:${standIn.port}`,
    "certificate-authority-data": Buffer.from(tls.ca).toString("base64"),
  };
  const config = at("stand-in.yaml");
  const text = JSON.stringify({
    clusters: [{ name: "c", cluster }],
    users: ["asker", "actor"].map((name) => ({ name, user: { token: name } })),
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
    "current-context": "prod",
  });
  writeFileSync(config, text, { mode: 0o600 });
  return { config, standIn, close: standIn.close };
};

test.each(fronts)("no header of a front proxy reaches the API server, over HTTP/%i", async (http) => {
  const { config, standIn, close } = await standInWith({
    "requestheader-client-ca-file": made.proxies.cert,
    "requestheader-username-headers": '["X-My-User"]',
    "requestheader-group-headers": '["X-My-Group"]',
    "requestheader-extra-headers-prefix": '["X-My-Extra-"]',
    "requestheader-uid-headers": '["X-My-Uid"]',
    "requestheader-allowed-names": '["front-proxy"]',
  });
  const served = await serveProxy({ kubeconfig: config, actor: "actor", uid: "passthrough" });
  const forged = [
    ...["x-my-user", "carol", "X-MY-Group", "system:masters", "x-my-extra-a", "b", "x-my-uid", "1"],
    ...["x-remote-user", "carol", "X-Remote-Group", "system:masters", "x-remote-extra-a", "b", "x-remote-uid", "1"],
  ];
  const ask = (kind: Kind | undefined, lines: readonly string[]) =>
    send(
      { ...served, client: kind && made[kind] },
      { http, path: "/api/v1/pods", lines: [...lines, ...forged, "x-kept", "1"] },
    );
  // A front proxy names a user with a uid.
  expect((await ask("frontProxy", [])).status).toBe(403);
  expect((await ask(undefined, ["authorization", "Bearer alice"])).status).toBe(200);
  expect((await ask(undefined, [])).status).toBe(200);
  expect((await ask("otherProxy", [])).status).toBe(401);
  const names = standIn.seen.map(({ lines }) =>
    lines.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
  );
  expect(names).toHaveLength(2);
  for (const seen of names) {
    expect(seen).toContain("x-kept");
    expect(seen.filter((name) => /^x-(my|remote)-/.test(name))).toEqual([]);
  }
  expect(standIn.seen[0]?.lines.join("\n")).toContain("alice");
  await served.close();
  await close();
});

test("the start is refused where every client could pass as a front proxy, as kube-apiserver 1.37 refuses itself", async () => {
  const { config, close } = await standInWith({
    "client-ca-file": made.cluster.cert,
    "requestheader-client-ca-file": made.cluster.cert,
    "requestheader-username-headers": '["X-Remote-User"]',
    "requestheader-allowed-names": "[]",
  });
  await expect(serveProxy({ kubeconfig: config, actor: "actor", uid: "passthrough" })).rejects.toThrow(
    "requestheader-allowed-names is empty",
  );
  await close();
});

test.each(fronts)(
  "in a fleet, a certificate of one cluster does not stand for a user of another, over HTTP/%i",
  async (http) => {
    const otherCa = await makeCertificate({ subject: "CN=cluster", ca: true });
    const stranger = await makeCertificate({ subject: names(["CN", "alice"]), by: otherCa });
    const { config, standIn, close } = await standInWith({ "client-ca-file": otherCa.cert });
    const [real, other] = [stage.kubeconfigFile, config].map((file) => JSON.parse(readFileSync(file, "utf8")));
    const rename = (text: object, suffix: string) =>
      JSON.parse(JSON.stringify(text).replaceAll(/"(c|asker|actor)"/g, `"$1-${suffix}"`));
    const extensions = (suffix: string) => [
      { name: "impersonation-admission", extension: { proxy: { actor: `actor-${suffix}` } } },
    ];
    const parts = [
      { ...rename(real, "a"), name: "a" },
      { ...rename(other, "b"), name: "b" },
    ];
    const registry = {
      clusters: parts.flatMap(({ clusters }) => clusters),
      users: parts.flatMap(({ users }) => users),
      contexts: parts.map(({ name }) => ({
        name,
        context: { cluster: `c-${name}`, user: `asker-${name}`, extensions: extensions(name) },
      })),
    };
    writeFileSync(at("registry.yaml"), JSON.stringify(registry), { mode: 0o600 });
    const own = { cas: readOwnAuthority(made.own.cert), allowedNames: new Set<string>() };
    const clusters = await fleetSource(
      at("registry.yaml"),
      () => own,
      () => {},
    );
    const served = await serveOn(clusters, { log: () => {} });
    expect(served.warnings).toEqual([]);
    const statusOf = async (cluster: "a" | "b", client: MadeCertificate) => {
      const front = { url: `${served.origin}/k8s/clusters/${cluster}`, ca: served.ca, client };
      return (await send(front, { http, path: "/api/v1/configmaps" })).status;
    };
    const everywhere = async (client: MadeCertificate) => [await statusOf("a", client), await statusOf("b", client)];
    expect(await everywhere(made.alice)).toEqual([200, 401]);
    expect(await everywhere(stranger)).toEqual([401, 200]);
    expect(await everywhere(made.bob)).toEqual([200, 200]);
    expect(await everywhere(made.sent)).toEqual([401, 401]);
    expect(standIn.seen.map(({ lines }) => lines.filter((line) => line === "alice" || line === "bob"))).toEqual([
      ["alice"],
      ["bob"],
    ]);
    await served.close();
    await close();
  },
);
