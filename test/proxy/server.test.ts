import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { noOwnAuthority } from "../../functions/certificates/own-authority.ts";
import type { ServerEntry } from "../../functions/server/log-entries.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { buildServer } from "../../infra/build/build-server.ts";
import { type Authority, certificatesFrom, newAuthority } from "../../infra/local/certificates.ts";
import { type ServedOn, serveOn } from "../../infra/local/serve-on.ts";
import { fleetSource } from "../../infra/local/server-sources.ts";
import { webhookConfigurations } from "../../lib/manifests/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { until } from "../cluster/world/until.ts";
import { type Front, send } from "./world/clients.ts";
import { impersonator, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let authority: Authority;
const folder = mkdtempSync(join(tmpdir(), "proxy-server-"));
const at = (name: string): string => join(folder, name);
const key = "k".repeat(43);
const closing: (() => Promise<void>)[] = [];

const razee = readFileSync(new URL("../cluster/world/razee-crds.yaml", import.meta.url), "utf8");
const review = JSON.parse(
  readFileSync(new URL("../../events/webhook/create-another-forbidden.json", import.meta.url), "utf8"),
);

beforeAll(async () => {
  authority = await newAuthority();
  stage = await startStage();
  const account = (name: string) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: "kube-system" },
  });
  const bind = (user: string, role: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${user}-${role.replaceAll(":", "-")}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: user, namespace: "kube-system" }],
  });
  await applied(stage, razee);
  await applied(stage, [
    impersonator("acts"),
    ...["asker", "actor", "rich-actor"].map(account),
    bind("asker", "system:auth-delegator"),
    bind("actor", "acts"),
    bind("rich-actor", "acts"),
    bind("rich-actor", "view-configmaps"),
  ]);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await stage?.stop();
  rmSync(folder, { recursive: true });
});

/** A registry with these contexts: the extension of each, by its name. */
const registry = async (contexts: Readonly<Record<string, object>>): Promise<string> => {
  const config = JSON.parse(readFileSync(stage.kubeconfigFile, "utf8"));
  const { token } = await serviceAccount(stage, "kube-system", "rich-actor");
  config.users.push({ name: "rich-actor", user: { token } });
  config.contexts = Object.entries(contexts).map(([name, extension]) => ({
    name,
    context: {
      cluster: "c",
      user: "asker",
      extensions: [{ name: "impersonation-admission", extension }],
    },
  }));
  const file = at("registry");
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};

const proxied = { proxy: { actor: "actor" } };
const guarded = { keys: [hashOfKey(key)], policy: "razee" };

interface Fleet extends ServedOn {
  readonly entries: readonly ServerEntry[];
  readonly front: (path: string) => Front;
}

const serveFleet = async (contexts: Readonly<Record<string, object>>, options = {}): Promise<Fleet> => {
  const entries: ServerEntry[] = [];
  const log = (entry: ServerEntry) => entries.push(entry);
  const clusters = await fleetSource(await registry(contexts), () => noOwnAuthority, log, 100);
  const served = await serveOn(clusters, { log, authority, healthPort: 0, filePause: 50, ...options });
  closing.push(() => served.close());
  return { ...served, entries, front: (path) => ({ url: served.origin + path, ca: authority.ca }) };
};

const asRita = () => ["authorization", `Bearer ${stage.user("rita").token}`];
const configmaps = (front: Front) => send(front, { http: 2, path: "/api/v1/configmaps", lines: asRita() });
const callWebhook = (front: Front, path: string, given = key) =>
  send(front, {
    http: 2,
    method: "POST",
    path: path.replace("KEY", given),
    lines: ["content-type", "application/json"],
    body: JSON.stringify(review),
  });

describe("a fleet", () => {
  test("has the proxy and the webhook of each cluster that opts in, and no other", async () => {
    const { front, warnings } = await serveFleet({ both: { ...proxied, ...guarded }, door: proxied, hook: guarded });
    expect(warnings).toEqual([]);
    const statuses = async (cluster: string) => [
      (await configmaps(front(`/k8s/clusters/${cluster}`))).status,
      (await callWebhook(front(""), `/clusters/${cluster}/KEY/mutate`)).status,
      (await callWebhook(front(""), `/clusters/${cluster}/KEY/mutate`, "another")).status,
    ];
    expect(await statuses("both")).toEqual([200, 200, 404]);
    expect(await statuses("door")).toEqual([200, 404, 404]);
    expect(await statuses("hook")).toEqual([404, 200, 404]);
    expect(await statuses("none")).toEqual([404, 404, 404]);
  });

  test.each([
    ["GET", "/clusters/both/KEY/mutate"],
    ["POST", "/mutate"],
    ["GET", "/livez"],
    ["GET", "/metrics"],
    ["GET", "/"],
    ["GET", "/api"],
    ["GET", "/k8s/clusters/bot%68/api"],
  ])("%s %s is 404 and reaches no API server", async (method, path) => {
    const { front } = await serveFleet({ both: { ...proxied, ...guarded } });
    const mark = stage.auditMark();
    const lines = ["authorization", `Bearer ${stage.user("olga").token}`];
    expect((await send(front(""), { http: 2, method, path, lines })).status).toBe(404);
    expect(stage.auditEvents(mark).filter(({ user }) => user.username === "proxy-actor")).toEqual([]);
  });

  test("a call with another key is answered before its body comes, and one with the key is not", async () => {
    const { origin, front } = await serveFleet({ both: guarded });
    const { hostname, port } = new URL(origin);
    const body = JSON.stringify(review);
    const begin = (given: string) => {
      const outgoing = request({
        ...{ hostname, port, ca: authority.ca, method: "POST", path: `/clusters/both/${given}/mutate` },
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      });
      // The server may end a connection on which it waits for no body.
      outgoing.on("error", () => {});
      const statuses: unknown[] = [];
      const answered = once(outgoing, "response").then(([{ statusCode }]) => statuses.push(statusCode));
      outgoing.flushHeaders();
      return { outgoing, answered, statuses };
    };
    const [own, other] = [begin(key), begin("x".repeat(43))];
    await other.answered;
    expect((await callWebhook(front(""), "/clusters/both/KEY/mutate")).status).toBe(200);
    expect([own.statuses, other.statuses]).toEqual([[], [404]]);
    own.outgoing.end(body);
    await own.answered;
    expect(own.statuses).toEqual([200]);
    other.outgoing.destroy();
  });

  test("steps behind the prefix are not resolved, so that they do not lead to another door or cluster", async () => {
    const { front, entries } = await serveFleet({ both: { ...proxied, ...guarded }, other: proxied });
    const lines = ["authorization", `Bearer ${stage.user("olga").token}`];
    await send(front(""), { http: 2, path: "/k8s/clusters/both/../other/api", lines });
    expect(entries.at(-1)).toMatchObject({ cluster: "both", path: "/../other/api" });
  });

  test("a cluster whose actor may do more is not served, and the others are", async () => {
    const rich = { proxy: { actor: "rich-actor" } };
    const { front, warnings, accounts } = await serveFleet({ good: proxied, rich });
    expect(warnings).toEqual([
      expect.stringMatching(/^not served: rich: .* may do more than impersonate: .*configmaps/),
    ]);
    expect(accounts.map(({ cluster }) => cluster)).toEqual(["good"]);
    expect((await configmaps(front("/k8s/clusters/good"))).status).toBe(200);
    const refused = await configmaps(front("/k8s/clusters/rich"));
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text).message).toBe(
      'the accounts of the proxy at cluster "rich" cannot be used; its log says why',
    );
  });

  test("where no actor can be used, the start is refused", async () => {
    await expect(serveFleet({ rich: { proxy: { actor: "rich-actor" } } })).rejects.toThrow("may do more");
  });

  test.each([
    ["neither door", {}, "neither keys nor proxy"],
    [
      "an actor that is not there",
      { proxy: { actor: "other" } },
      "impersonation-admission.proxy.actor other is not a user",
    ],
    ["the asker as its actor", { proxy: { actor: "asker" } }, "must differ"],
    ["no actor", { proxy: {} }, "proxy.actor in its extensions must name"],
    ["an unknown member", { proxy: { actor: "actor", as: "x" } }, "unknown member; the known ones are actor, uid"],
    ["an unknown uid mode", { proxy: { actor: "actor", uid: "drop" } }, "must be passthrough or impersonate"],
    ["half an exception", { proxy: { actor: "actor", anonymousException: "x" } }, "is not GROUPPREFIX/RESOURCE"],
  ])("a context with %s is named at the start", async (_name, extension, why) => {
    await expect(serveFleet({ prod: extension })).rejects.toThrow(why);
  });

  test("the registry is read again: a cluster comes and goes, and requests of the others go on", async () => {
    const { front } = await serveFleet({ first: proxied });
    const end = new AbortController();
    let watched = "";
    void send(front("/k8s/clusters/first"), {
      ...{ http: 2, path: "/api/v1/configmaps?watch=true", lines: asRita(), signal: end.signal },
      onData: (chunk) => {
        watched += chunk;
      },
    });
    await until("the watch is open", async () => watched !== "");
    await registry({ second: proxied });
    await until("the second is served", async () => (await configmaps(front("/k8s/clusters/second"))).status === 200);
    expect((await configmaps(front("/k8s/clusters/first"))).status).toBe(404);
    await applied(stage, [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "seen", namespace: "default" } }]);
    await until("the watch goes on", async () => watched.includes('"name":"seen"'));
    end.abort();
  });

  test("a registry that cannot be read leaves the clusters as they are, and the log says so", async () => {
    const { front, entries } = await serveFleet({ first: proxied });
    writeFileSync(at("registry"), "no kubeconfig");
    await until("it is noticed", async () => entries.some(({ event }) => event === "refresh-failed"));
    expect((await configmaps(front("/k8s/clusters/first"))).status).toBe(200);
  });
});

test("a certificate that is replaced is served to new connections, and old ones go on", async () => {
  const write = async () => {
    const { cert, key: pem } = await certificatesFrom(authority, { hosts: ["localhost", "127.0.0.1"] });
    writeFileSync(at("tls.crt"), cert);
    writeFileSync(at("tls.key"), pem);
  };
  await write();
  const tls = { certFile: at("tls.crt"), keyFile: at("tls.key") };
  const { origin, entries } = await serveFleet({ first: proxied }, { tls });
  const { port } = new URL(origin);
  const seen = async () => {
    const socket = connect({ host: "127.0.0.1", port: Number(port), ca: authority.ca, servername: "localhost" });
    await once(socket, "secureConnect");
    return { socket, serial: socket.getPeerCertificate().serialNumber };
  };
  const old = await seen();
  writeFileSync(at("tls.crt"), "half a certificate");
  await until("the fault is logged", async () => entries.some((entry) => entry.event === "reload" && entry.problem));
  const same = await seen();
  expect(same.serial).toBe(old.serial);
  await write();
  const renewed = await until("the new one is served", async () => {
    const now = await seen();
    now.socket.destroy();
    return now.serial !== old.serial && now.serial;
  });
  expect(renewed).not.toBe(old.serial);
  expect(old.socket.destroyed).toBe(false);
  for (const { socket } of [old, same]) socket.destroy();
});

describe("health, on a port of its own", () => {
  const get = async (port: number | undefined, path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [response.status, (await response.text()).trim()];
  };

  test("says that the server lives and is ready, until it stops", async () => {
    const { healthPort, front, close } = await serveFleet({ first: proxied });
    expect(await get(healthPort, "/livez")).toEqual([200, "ok"]);
    expect(await get(healthPort, "/readyz")).toEqual([200, "ok"]);
    expect(await get(healthPort, "/k8s/clusters/first/api")).toEqual([404, expect.stringMatching("only /livez")]);
    expect(await get(healthPort, "/livez", "POST")).toEqual([405, "only GET is served here"]);
    const end = new AbortController();
    await new Promise<void>((resolve) => {
      void send(front("/k8s/clusters/first"), {
        ...{ http: 2, path: "/api/v1/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan" },
        ...{ lines: asRita(), signal: end.signal, onData: () => resolve() },
      });
    });
    const closed = close(60_000);
    expect(await get(healthPort, "/readyz")).toEqual([503, "the server is being stopped"]);
    expect(await get(healthPort, "/livez")).toEqual([200, "ok"]);
    end.abort();
    await closed;
  });
});

describe("dist/server.js, alone in an empty folder, as in a pod", () => {
  const empty = at("empty");
  const pod = at("serviceaccount");

  beforeAll(async () => {
    await buildServer(() => {});
    mkdirSync(empty);
    mkdirSync(pod);
    copyFileSync(fileURLToPath(new URL("../../dist/server.js", import.meta.url)), join(empty, "server.js"));
    writeFileSync(join(pod, "token"), (await serviceAccount(stage, "kube-system", "asker")).token);
    writeFileSync(join(pod, "ca.crt"), stage.connection.caPem);
    writeFileSync(at("actor-token"), `${(await serviceAccount(stage, "kube-system", "actor")).token}\n`);
    const { cert, key: pem } = await certificatesFrom(authority, { hosts: ["localhost", "127.0.0.1"] });
    writeFileSync(at("pod.crt"), cert);
    writeFileSync(at("pod.key"), pem);
  });

  const start = async (args: readonly string[]) => {
    const { hostname, port } = new URL(stage.connection.url);
    const tls = ["--tls-cert", at("pod.crt"), "--tls-key", at("pod.key")];
    const child = spawn(process.execPath, ["server.js", "--in-cluster", "--port", "0", ...tls, ...args], {
      cwd: empty,
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, SERVICE_ACCOUNT_FOLDER: pod },
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
      });
    let hasEnded = false;
    const ended = once(child, "close").then(() => {
      hasEnded = true;
    });
    closing.push(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    await until("it listens or ends", async () => said.stdout.includes("listening") || hasEnded);
    const [, origin = ""] = /listening on (https:\/\/[^/\s]+)/.exec(said.stdout) ?? [];
    return { child, said, front: (path: string): Front => ({ url: origin + path, ca: authority.ca }) };
  };

  test("serves the proxy", async () => {
    const { front, said } = await start(["--actor-token-file", at("actor-token"), "--name", "here"]);
    await until("the accounts are printed", async () => said.stdout.includes("impersonates"));
    expect(said.stdout).toMatch(
      /^# listening on \S+\/k8s\/clusters\/here\n# system:serviceaccount:kube-system:asker asks, system:serviceaccount:kube-system:actor impersonates\n$/,
    );
    expect((await configmaps(front("/k8s/clusters/here"))).status).toBe(200);
    expect((await callWebhook(front(""), "/mutate")).status).toBe(404);
  });

  test("serves the webhook, which a real API server calls", async () => {
    const { front } = await start(["--policy", "razee", "--key-hash", hashOfKey(key), "--name", "here"]);
    expect((await callWebhook(front(""), "/mutate")).status).toBe(404);
    expect((await configmaps(front("/k8s/clusters/here"))).status).toBe(404);
    const configurations = webhookConfigurations({
      policy: readPolicy({ name: "razee", targets: [{ preset: "razee" }] }),
      client: { url: front(`/clusters/here/${key}`).url },
      caBundle: Buffer.from(authority.ca).toString("base64"),
    });
    await applied(stage, configurations);
    const template = {
      apiVersion: "deploy.razee.io/v1alpha2",
      kind: "MustacheTemplate",
      metadata: { name: "named", namespace: "default" },
      spec: { clusterAuth: { impersonateUser: "someone-else" }, templates: [] },
    };
    const path = "/apis/deploy.razee.io/v1alpha2/namespaces/default/mustachetemplates";
    await applied(stage, [
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "templates" },
        rules: [{ apiGroups: ["deploy.razee.io"], resources: ["*"], verbs: ["*"] }],
      },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "templates" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "templates" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "rita" }],
      },
    ]);
    await until("the object's identity is replaced", async () => {
      const made = await stage.api(stage.user("rita"), { method: "POST", path: `${path}?dryRun=All`, body: template });
      return made.status === 201 && made.body.spec.clusterAuth.impersonateUser === "rita";
    });
    await stage.kubectl(stage.user("admin"), [
      ...["delete", "mutatingwebhookconfiguration,validatingwebhookconfiguration"],
      configurations[0].metadata.name,
    ]);
  });

  test("without keys, /mutate answers every caller", async () => {
    const { front } = await start(["--policy", "razee"]);
    const received = await callWebhook(front(""), "/mutate");
    expect(received.status).toBe(200);
    expect(JSON.parse(received.text).response.uid).toBe(review.request.uid);
  });

  test("ends at SIGTERM with status 0", async () => {
    const { child } = await start(["--actor-token-file", at("actor-token")]);
    child.kill("SIGTERM");
    const [status] = await once(child, "close");
    expect(status).toBe(0);
  });

  test.each([
    [[], "needs --policy NAME for the webhook, --actor-token-file FILE for the proxy, or both"],
    [["--policy", "other"], "there is no policy other"],
    [["--policy", "razee", "--key-hash", "x"], "--key-hash must be sha256: and 64 hexadecimal digits"],
    [["--policy", "razee", "--actor", "a"], "--actor and --in-cluster: only one of them names the clusters"],
    [["--policy", "razee", "--at-root"], "--at-root goes with --actor; leave it out"],
    [["--actor-token-file", "/nowhere/token"], "has no token"],
  ])("%j is refused", async (args, why) => {
    const { child, said } = await start(args);
    expect(said.stderr).toContain(why);
    expect(child.exitCode).toBe(2);
  });
});
