import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Certificates, throwAwayCertificates } from "../../infra/local/certificates.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import { until } from "../cluster/world/until.ts";
import { unpackPackage } from "../runtime/packaged.ts";
import { processCost } from "../support/process-cost.ts";
import { header, type Received, type Sent, send as sendOnce } from "./world/clients.ts";
import { type LambdaProxy, type LambdaProxyOptions, startLambdaProxy } from "./world/lambda-proxy.ts";
import { type StandIn, startStandIn } from "./world/stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "lambda-faults-"));
const at = (name: string): string => join(folder, name);
const alice = ["authorization", "Bearer alice"];
let tls: Certificates;
let taskRoot: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ({ taskRoot } = await unpackPackage("proxy"));
  tls = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  writeFileSync(at("cert.pem"), tls.cert);
  writeFileSync(at("key.pem"), tls.key);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => {
  for (const path of [folder, taskRoot]) rmSync(path, { recursive: true });
});

const serve = async (port: number, options: Partial<LambdaProxyOptions> = {}): Promise<LambdaProxy> => {
  const ca = Buffer.from(tls.ca).toString("base64");
  const kubeconfig = JSON.stringify({
    clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": ca } }],
    users: ["asker", "actor"].map((name) => ({ name, user: { token: name } })),
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
    "current-context": "prod",
  });
  const proxy = await startLambdaProxy({ taskRoot, kubeconfig, ...options });
  closing.push(proxy.close);
  return proxy;
};

const standIn = async (): Promise<StandIn> => {
  const started = await startStandIn(tls);
  closing.push(started.close);
  return started;
};

const startProcess = async (port: number): Promise<ChildProcess> => {
  const program = fileURLToPath(new URL("./world/stand-in.ts", import.meta.url));
  const child = spawn(process.execPath, [program, String(port), at("cert.pem"), at("key.pem")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  closing.push(async () => {
    if (child.exitCode === null && child.signalCode === null) await end(child);
  });
  await once(child.stdout, "data");
  return child;
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};

/** Sends a request, and waits until the instance has ended it too: a request that comes earlier would start another instance. */
const send = async (proxy: LambdaProxy, sent: Sent): Promise<Received> => {
  const received = await sendOnce(proxy, sent);
  await until("the instance asks for more work", async () => proxy.gateway.busy() === 0);
  return received;
};

const statusIn = ({ text }: Received) => JSON.parse(text);

/** One instance has answered everything, and still runs. */
const onlyInstanceOf = ({ gateway }: LambdaProxy) => {
  const [instance = expect.unreachable(), ...more] = gateway.instances;
  expect([more, existsSync(`/proc/${instance.pid}/exe`)]).toEqual([[], true]);
  return instance;
};

describe.each([1, 2] as const)("over HTTP/%i", (http) => {
  test("an answer that breaks off is not passed on as a complete one, and the instance lives", async () => {
    const { port, breakOff } = await standIn();
    const proxy = await serve(port);
    for (const how of ["reset-stream", "close-connection", "goaway-and-close", "end-socket"])
      for (const length of ["", "-with-length"]) {
        const path = `/api/v1/cut-${how}${length}`;
        const received = await send(proxy, { http, path, lines: alice, onData: breakOff });
        expect([how, received.status, received.text.length > 0, received.isWhole]).toEqual([how, 200, true, false]);
      }
    onlyInstanceOf(proxy);
    const lines = proxy.lines().filter(({ event }) => event === "request");
    expect(lines.map(({ level, reason }) => [level, reason])).toEqual(
      lines.map(() => ["ERROR", "the API server broke its answer off"]),
    );
    expect(lines.length).toBe(8);
  });
});

test("an API server that is killed in the middle of an answer never gives a complete one", async () => {
  const kills = Number(process.env["PROXY_KILLS"] ?? 100) / 5;
  const [port = 0] = await freePorts(1);
  let child = await startProcess(port);
  const proxy = await serve(port);
  const outcomes = new Map<string, number>();
  for (let kill = 0; kill < kills; kill += 1) {
    let [most, seen] = [Math.floor(Math.random() * 60_000), 0];
    const received = await send(proxy, {
      http: kill % 2 === 0 ? 1 : 2,
      path: `/api/v1/forever${kill % 4 < 2 ? "-with-length" : ""}?watch=1`,
      lines: alice,
      onData: (chunk) => {
        seen += chunk.length;
        if (seen > most) {
          most = Number.POSITIVE_INFINITY;
          child.kill("SIGKILL");
        }
      },
    });
    const outcome = `${received.status} ${received.isWhole ? "whole" : "cut"}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    child = await startProcess(port);
    await sleep(220);
  }
  expect(Object.fromEntries(outcomes)).toEqual({ "200 cut": kills });
  onlyInstanceOf(proxy);
}, 600_000);

test("an API server that is not there is a Status, and is found again by the same instance", async () => {
  const [port = 0] = await freePorts(1);
  const first = await startProcess(port);
  const proxy = await serve(port);
  const ask = (lines: readonly string[]) => send(proxy, { http: 2, path: "/api/v1/fine", lines });
  expect((await ask(alice)).status).toBe(200);
  await end(first);
  const known = await ask(alice);
  const unknown = await ask(["authorization", "Bearer dora"]);
  expect([known.status, statusIn(known).kind]).toEqual([502, "Status"]);
  expect([unknown.status, statusIn(unknown).kind]).toEqual([503, "Status"]);
  await startProcess(port);
  await sleep(250);
  expect((await ask(alice)).status).toBe(200);
  onlyInstanceOf(proxy);
});

/** Passes connections on to a port. From `silence` on, those that are open carry nothing more, and no side is told. */
const relayTo = async (port: number) => {
  const open = new Set<Socket>();
  const relay = createServer((from) => {
    const to = connectTcp(port, "127.0.0.1");
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one.on("error", () => other.destroy()).on("close", () => other.destroy()));
      one.pipe(other);
    }
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  closing.push(async () => {
    for (const socket of open) socket.destroy();
    relay.close();
  });
  const silence = (): void => {
    for (const socket of open) socket.unpipe().pause();
  };
  return { port: (relay.address() as AddressInfo).port, silence };
};

test.each(["closed", "lost without a word"])(
  "connections that were %s while the instance was frozen cost no answer",
  async (how) => {
    const { port, sessions, seen } = await standIn();
    const relay = await relayTo(port);
    const proxy = await serve(relay.port);
    const ask = () => send(proxy, { http: 2, path: "/api/v1/fine", lines: alice });
    expect((await ask()).status).toBe(200);
    const instance = onlyInstanceOf(proxy);
    instance.freeze();
    if (how === "closed") for (const session of sessions) session.destroy();
    else relay.silence();
    await sleep(1_500);
    const asked = ask();
    await until("the request waits for the instance", async () => proxy.gateway.busy() === 1);
    instance.thaw();
    expect((await asked).status).toBe(200);
    expect(new Set(seen.map(({ connection }) => connection)).size).toBe(2);
    onlyInstanceOf(proxy);
  },
);

test("requests that follow each other share a connection", async () => {
  const { port, seen } = await standIn();
  const proxy = await serve(port);
  await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice });
  const [[event], { stream }] = [proxy.gateway.events, onlyInstanceOf(proxy)];
  seen.splice(0);
  // They wait at the instance, so that no pause is between them: after one the instance would connect anew.
  await Promise.all(Array.from({ length: 3 }, () => stream(event, (answer) => answer.resume())));
  expect([seen.length, new Set(seen.map(({ connection }) => connection)).size]).toEqual([3, 1]);
});

test("bodies arrive whole, in both directions", async () => {
  const { port } = await standIn();
  const proxy = await serve(port);
  for (const size of [0, 1, 1024 * 1024 + 1, 4_000_000]) {
    const sent = { http: 2, method: "POST", path: "/api/v1/fine", lines: alice, body: "y".repeat(size) } as const;
    expect((await send(proxy, sent)).text).toBe(`POST ${size}`);
  }
});

test("an answer is taken no faster than the gateway takes it", async () => {
  const { port } = await standIn();
  const proxy = await serve(port);
  const { pathname, origin, host } = new URL(proxy.url);
  const session = connect(origin, { ca: proxy.ca ?? "" });
  const headers = [
    ":method",
    "GET",
    ":scheme",
    "https",
    ":authority",
    host,
    ":path",
    `${pathname}/api/v1/flood?watch=1`,
  ];
  const stream = session.request([...headers, ...alice] as string[]);
  stream.pause();
  await once(stream, "response");
  const { pid } = onlyInstanceOf(proxy);
  const memory = (): number => processCost(pid).memory ?? 0;
  const before = await until("the instance's memory stands still", async () => {
    const last = memory();
    await sleep(500);
    return Math.abs(memory() - last) < 1 && last;
  });
  await sleep(2_000);
  expect(memory() - before).toBeLessThan(30);
  stream.on("error", () => {});
  stream.close(8);
  session.destroy();
});

test("a redirect gets the stage and the proxy's path in front, and is not followed", async () => {
  const { port, seen } = await standIn();
  const proxy = await serve(port);
  const received = await send(proxy, { http: 2, path: "/api/v1/elsewhere", lines: alice });
  expect([received.status, header(received, "location")]).toEqual([302, "/v1/k8s/clusters/prod/api/v1/there"]);
  expect(seen.length).toBe(1);
});

test("a request that would outlast the function is a 504 Status before that", async () => {
  const { port, open } = await standIn();
  const proxy = await serve(port, { timeout: 3_000 });
  const received = await send(proxy, { http: 2, path: "/api/v1/silent", lines: alice });
  expect([received.status, statusIn(received).reason]).toEqual([504, "Timeout"]);
  await until("the stream has ended", async () => open() === 0);
  onlyInstanceOf(proxy);
});

test("a watch that the API server does not end is broken off before the function's time is over", async () => {
  const { port } = await standIn();
  const proxy = await serve(port, { timeout: 10_000 });
  const received = await send(proxy, { http: 2, path: "/api/v1/forever?watch=1", lines: alice });
  expect([received.status, received.isWhole]).toEqual([200, false]);
  onlyInstanceOf(proxy);
});

test.each([
  ["is not set", ""],
  ["cannot be read", "/nowhere/kubeconfig"],
  ["is not valid", "s3://bucket/key"],
])("a registry that %s: every request is a Status, and the log says why", async (what, registry) => {
  const proxy = await serve(1, { environment: { PROXY_REGISTRY: registry } });
  const received = await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice });
  expect([received.status, statusIn(received).reason]).toEqual([503, "ServiceUnavailable"]);
  const [line] = proxy.lines().filter(({ event }) => event === "registry");
  expect(line).toMatchObject({ level: "ERROR", problems: [expect.stringContaining(what)] });
  onlyInstanceOf(proxy);
});

test("accounts that cannot be used keep their cluster shut", async () => {
  const { port, seen, answerReviewsWith } = await standIn();
  answerReviewsWith(403);
  const proxy = await serve(port);
  const received = await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice });
  expect([received.status, statusIn(received).reason, seen]).toEqual([503, "ServiceUnavailable", []]);
  expect(proxy.lines().filter(({ event }) => event === "accounts")).toMatchObject([
    { level: "ERROR", cluster: "prod", problem: expect.any(String) },
  ]);
});
