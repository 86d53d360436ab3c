import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, constants } from "node:http2";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RequestEntry } from "../../functions/proxy/log-entries.ts";
import { openMetrics } from "../../functions/server/open-metrics.ts";
import {
  type Authority,
  type Certificates,
  certificatesFrom,
  newAuthority,
  throwAwayCertificates,
} from "../../infra/local/certificates.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import { until } from "../cluster/world/until.ts";
import { header, type Received, send, sendBytes } from "./world/clients.ts";
import { flags, frame, frameTypes, headerBytes, startFrameServer } from "./world/frames.ts";
import { openStreams } from "./world/open-streams.ts";
import { type LocalProxy, type ServeProxyOptions, serveProxy } from "./world/serve-proxy.ts";
import { type StandIn, startStandIn } from "./world/stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "proxy-faults-"));
const at = (name: string): string => join(folder, name);
const fronts = [1, 2] as const;
const alice = ["authorization", "Bearer alice"];
let tls: Certificates & Authority;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const authority = await newAuthority();
  tls = { ...authority, ...(await certificatesFrom(authority, { hosts: ["127.0.0.1"] })) };
  writeFileSync(at("cert.pem"), tls.cert);
  writeFileSync(at("key.pem"), tls.key);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const serve = async (port: number, options: Partial<ServeProxyOptions> = {}, actor: object = { token: "actor" }) => {
  const ca = Buffer.from(tls.ca).toString("base64");
  const config = {
    clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": ca } }],
    users: [
      { name: "asker", user: { token: "asker" } },
      { name: "actor", user: actor },
    ],
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
    "current-context": "prod",
  };
  writeFileSync(at("kubeconfig"), JSON.stringify(config));
  writeFileSync(at("actor-token"), "actor-1");
  const entries: RequestEntry[] = [];
  const proxy: LocalProxy = await serveProxy({
    ...{ kubeconfig: at("kubeconfig"), actor: "actor", uid: "passthrough" },
    log: (entry) => entry.event === "request" && entries.push(entry),
    ...options,
  });
  closing.push(() => proxy.close());
  return { ...proxy, entries };
};

const standIn = async (): Promise<StandIn> => {
  const started = await startStandIn(tls);
  closing.unshift(started.close);
  return started;
};

const startProcess = async (port: number): Promise<ChildProcess> => {
  const program = fileURLToPath(new URL("./world/stand-in.ts", import.meta.url));
  const child = spawn(process.execPath, [program, String(port), at("cert.pem"), at("key.pem")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};

const statusIn = ({ text }: Received) => JSON.parse(text);

describe.each(fronts)("over HTTP/%i", (http) => {
  test.each([
    ...["reset-stream", "close-connection", "goaway-and-close", "end-socket"].flatMap((how) => [
      `/api/v1/cut-${how}`,
      `/api/v1/cut-${how}-with-length`,
    ]),
  ])("an answer that breaks off is not passed on as a complete one: %s", async (path) => {
    const { port, breakOff } = await standIn();
    const proxy = await serve(port);
    const received = await send(proxy, { http, path, lines: alice, onData: breakOff });
    expect(received.status).toBe(200);
    expect(received.text.length).toBeGreaterThan(0);
    expect(received.isWhole).toBe(false);
    await until("the line is written", async () => proxy.entries.length === 1);
    expect(proxy.entries[0]).toMatchObject({ decision: "forwarded", reason: "the API server broke its answer off" });
  });

  test.each([
    ["END_STREAM", (stream: number) => frame(frameTypes.data, flags.endStream, stream), true],
    ["RST_STREAM with NO_ERROR", (stream: number) => frame(frameTypes.rstStream, 0, stream, Buffer.alloc(4)), false],
  ] as const)("an answer is complete only if the API server says so: %s", async (_name, last, isWhole) => {
    const { port: behind } = await standIn();
    const { endHeaders } = flags;
    const server = await startFrameServer(tls, behind, (stream) => [
      frame(frameTypes.headers, endHeaders, stream, headerBytes(":status", "200")),
      frame(frameTypes.data, 0, stream, Buffer.from("half an answer")),
      last(stream),
    ]);
    closing.push(server.close);
    const proxy = await serve(server.port);
    const received = await send(proxy, { http, path: "/api/v1/fine", lines: alice });
    expect(received.isWhole).toBe(isWhole);
    if (isWhole) expect([received.status, received.text]).toEqual([200, "half an answer"]);
  });

  /** A POST whose body is larger than what the API server takes before it answers with frames. */
  const post = { http, method: "POST", path: "/api/v1/fine", lines: alice, body: "z".repeat(4 * 1024 * 1024) } as const;

  test.each([
    ["ends the stream behind it", (stream: number) => [frame(frameTypes.rstStream, 0, stream, Buffer.alloc(4))]],
    ["leaves the stream open", () => []],
  ] as const)(
    "an answer that comes before the whole body was sent is passed on, where the API server %s",
    async (_name, last) => {
      const { port: behind } = await standIn();
      const server = await startFrameServer(tls, behind, (stream) => [
        frame(frameTypes.headers, flags.endHeaders, stream, headerBytes(":status", "413")),
        frame(frameTypes.data, flags.endStream, stream, Buffer.from("too large")),
        ...last(stream),
      ]);
      closing.push(server.close);
      const proxy = await serve(server.port, { metrics: await openMetrics(), healthPort: 0 });
      const { status, text } = await send(proxy, post);
      expect([status, text]).toEqual([413, "too large"]);
      await until("no stream is left", async () => (await openStreams(proxy)) === 0);
      expect(proxy.entries).toMatchObject([{ decision: "forwarded", status: 413, bytes: 9 }]);
    },
  );

  test("a stream that the API server ends with NO_ERROR, before it answers and has the whole body, is 502", async () => {
    const { port: behind } = await standIn();
    const reset = (stream: number) => [frame(frameTypes.rstStream, 0, stream, Buffer.alloc(4))];
    const server = await startFrameServer(tls, behind, reset);
    closing.push(server.close);
    const proxy = await serve(server.port, { metrics: await openMetrics(), healthPort: 0 });
    expect((await send(proxy, post)).status).toBe(502);
    await until("no stream is left", async () => (await openStreams(proxy)) === 0);
  });

  test("a client that leaves ends the API server's stream at once", async () => {
    const { port, open } = await standIn();
    const proxy = await serve(port);
    const end = new AbortController();
    const received = send(proxy, {
      ...{ http, path: "/api/v1/forever?watch=1", lines: alice, signal: end.signal },
      onData: () => end.abort(),
    });
    await received;
    await until("the stream has ended", async () => open() === 0);
    await until("the line is written", async () => proxy.entries.length === 1);
    expect(proxy.entries[0]?.reason).toBe("the client has left");
  });

  test("a request that is not long-running ends at its deadline, with a Status", async () => {
    const { port, open } = await standIn();
    const proxy = await serve(port, { mostMilliseconds: 300 });
    const received = await send(proxy, { http, path: "/api/v1/silent", lines: alice });
    expect([received.status, statusIn(received).reason]).toEqual([504, "Timeout"]);
    await until("the stream has ended", async () => open() === 0);
  });

  test("?timeout= makes the deadline shorter, and is refused if it is not a duration", async () => {
    const { port } = await standIn();
    const proxy = await serve(port);
    const short = await send(proxy, { http, path: "/api/v1/silent?timeout=100ms", lines: alice });
    const odd = await send(proxy, { http, path: "/api/v1/silent?timeout=soon", lines: alice });
    expect([short.status, odd.status, statusIn(odd).reason]).toEqual([504, 400, "BadRequest"]);
  });

  test("an API server that is not there is 502, with a Status, and is found again", async () => {
    const [port = 0] = await freePorts(1);
    const first = await startProcess(port);
    const proxy = await serve(port);
    expect((await send(proxy, { http, path: "/api/v1/fine", lines: alice })).status).toBe(200);
    await end(first);
    const received = await send(proxy, { http, path: "/api/v1/fine", lines: alice });
    expect([received.status, statusIn(received).kind]).toEqual([502, "Status"]);
    expect(received.text).toContain("the API server");
    const second = await startProcess(port);
    await sleep(250);
    expect((await send(proxy, { http, path: "/api/v1/fine", lines: alice })).status).toBe(200);
    await end(second);
  });

  test.each(
    (["tokenreviews", "subjectaccessreviews"] as const).flatMap((kind) =>
      ([403, 429, 500, "breaks off", "is not JSON", "is another review", "has no status"] as const).map(
        (fault) => [kind, fault] as const,
      ),
    ),
  )("of %s, an answer that cannot be used (%s) forwards nothing", async (kind, fault) => {
    const { port, seen, answerReviewsWith } = await standIn();
    const proxy = await serve(port);
    answerReviewsWith(fault, kind);
    const received = await send(proxy, { http, path: "/api/v1/fine", lines: ["authorization", "Bearer dora"] });
    expect([received.status, statusIn(received).reason]).toEqual([503, "ServiceUnavailable"]);
    expect(seen).toEqual([]);
  });

  test.each([429, 503])("an API server that answers %d is believed, and not asked again", async (code) => {
    const { port, seen } = await standIn();
    const proxy = await serve(port);
    const received = await send(proxy, { http, path: `/api/v1/busy-${code}`, lines: alice });
    expect([received.status, header(received, "retry-after"), received.text]).toEqual([code, "7", `{"code":${code}}`]);
    expect(seen.length).toBe(1);
  });

  test("an API server whose connections are reset is 502, with a Status", async () => {
    const [port = 0] = await freePorts(1);
    const child = await startProcess(port);
    const proxy = await serve(port);
    expect((await send(proxy, { http, path: "/api/v1/fine", lines: alice })).status).toBe(200);
    await end(child);
    const resetting = createServer((socket) => socket.resetAndDestroy()).listen(port, "127.0.0.1");
    await once(resetting, "listening");
    closing.push(async () => void resetting.close());
    const received = await send(proxy, { http, path: "/api/v1/fine", lines: alice });
    expect([received.status, statusIn(received).message]).toEqual([502, expect.stringContaining("(ECONNRESET)")]);
  });

  test("a certificate of the API server that is rotated is taken, and one of another CA is not", async () => {
    const [port = 0] = await freePorts(1);
    const child = await startProcess(port);
    const proxy = await serve(port);
    const status = async () => (await send(proxy, { http, path: "/api/v1/fine", lines: alice })).status;
    expect(await status()).toBe(200);
    await end(child);
    const rotated = await startStandIn(await certificatesFrom(tls, { hosts: ["127.0.0.1"] }), port);
    expect(await status()).toBe(200);
    await rotated.close();
    const other = await startStandIn(await throwAwayCertificates({ hosts: ["127.0.0.1"] }), port);
    closing.push(other.close);
    await sleep(250);
    expect(await status()).toBe(502);
    expect(other.seen).toEqual([]);
  });

  test("a token of the acting account that has expired is read again, and the request repeated", async () => {
    const { port, seen, acceptActor } = await standIn();
    const proxy = await serve(port, {}, { tokenFile: at("actor-token") });
    const ask = (method: string) => send(proxy, { http, method, path: "/api/v1/fine", lines: alice, body: "{}" });
    acceptActor("actor-1");
    expect((await ask("POST")).status).toBe(200);
    acceptActor("actor-2");
    expect((await ask("POST")).status).toBe(502);
    writeFileSync(at("actor-token"), "actor-2");
    seen.splice(0);
    expect((await ask("PUT")).text).toBe("PUT 2");
    expect(seen.map(({ lines }) => lines[lines.indexOf("authorization") + 1])).toEqual([
      "Bearer actor-1",
      "Bearer actor-2",
    ]);
  });

  test("a body that comes too slowly ends at the deadline", async () => {
    const { port, open } = await standIn();
    const proxy = await serve(port, { mostMilliseconds: 500 });
    const { hostname, port: ours, pathname, origin } = new URL(proxy.url);
    const path = `${pathname}/api/v1/fine`;
    const session = connect(origin, { ca: proxy.ca ?? "" });
    const stream =
      http === 2
        ? session.request({ ":method": "POST", ":path": path, authorization: "Bearer alice" })
        : request({
            ...{ hostname, port: ours, path, method: "POST", ca: proxy.ca },
            headers: { authorization: "Bearer alice", "content-length": "100000" },
          });
    stream.on("error", () => {});
    const drip = setInterval(() => stream.write("x"), 50);
    const [answer] = await once(stream, "response");
    clearInterval(drip);
    expect(answer[":status"] ?? answer.statusCode).toBe(504);
    await until("the API server's stream has ended", async () => open() === 0);
    stream.destroy();
    session.destroy();
  });

  test("a body arrives whole, whatever its size", async () => {
    const { port } = await standIn();
    const proxy = await serve(port);
    for (const size of [0, 1, 1024 * 1024 + 1, 5_000_000]) {
      const { text } = await send(proxy, {
        http,
        method: "POST",
        path: "/api/v1/fine",
        lines: alice,
        body: "y".repeat(size),
      });
      expect(text).toBe(`POST ${size}`);
    }
  });

  test("a redirect is passed on, with the proxy's path in front, and not followed", async () => {
    const { port, seen } = await standIn();
    const proxy = await serve(port);
    const received = await send(proxy, { http, path: "/api/v1/elsewhere", lines: alice });
    expect([received.status, header(received, "location")]).toEqual([302, "/k8s/clusters/prod/api/v1/there"]);
    expect(seen.length).toBe(1);
  });

  test("too many requests at a time are answered 429 with Retry-After", async () => {
    const { port, open } = await standIn();
    const proxy = await serve(port, { limits: { read: 2, write: 1, "long-running": 1 } });
    const leave = new AbortController();
    const held = ["/api/v1/silent", "/api/v1/silent", "/api/v1/forever?watch=1"].map((path) =>
      send(proxy, { http, path, lines: alice, signal: leave.signal }),
    );
    await until("the API server has all three", async () => open() === 3);
    for (const path of ["/api/v1/fine", "/api/v1/fine?watch=1"]) {
      const received = await send(proxy, { http, path, lines: alice });
      expect([received.status, header(received, "retry-after"), statusIn(received).reason]).toEqual([
        429,
        "1",
        "TooManyRequests",
      ]);
    }
    expect((await send(proxy, { http, method: "POST", path: "/api/v1/fine", lines: alice, body: "{}" })).status).toBe(
      200,
    );
    leave.abort();
    await Promise.all(held);
    const left = () => proxy.entries.filter(({ reason }) => reason === "the client has left");
    await until("the proxy has ended all three", async () => left().length === 3);
    expect((await send(proxy, { http, path: "/api/v1/fine", lines: alice })).status).toBe(200);
  });
});

test("an API server that is killed in the middle of an answer never gives a complete one", async () => {
  const kills = Number(process.env["PROXY_KILLS"] ?? 100);
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
  await end(child);
  expect(Object.fromEntries(outcomes)).toEqual({ "200 cut": kills });
}, 3_600_000);

test("answers that are not read hold up no other request", async () => {
  const { port } = await standIn();
  const proxy = await serve(port);
  const session = connect(new URL(proxy.url).origin, { ca: proxy.ca ?? "" });
  const streams = Array.from({ length: 20 }, () =>
    session.request({ ":path": "/k8s/clusters/prod/api/v1/forever?watch=1", authorization: "Bearer alice" }),
  );
  await Promise.all(streams.map((stream) => once(stream, "response")));
  await sleep(1_500);
  const received = await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice });
  expect(received.text).toBe("GET 0");
  for (const stream of streams) stream.close(8);
  session.close();
});

test("an API server that is frozen is 504, and answers again when it runs on", async () => {
  const [port = 0] = await freePorts(1);
  const child = await startProcess(port);
  const proxy = await serve(port);
  const ask = (query = "") => send(proxy, { http: 2, path: `/api/v1/fine${query}`, lines: alice });
  expect((await ask()).status).toBe(200);
  child.kill("SIGSTOP");
  expect((await ask("?timeout=500ms")).status).toBe(504);
  child.kill("SIGCONT");
  expect((await ask()).status).toBe(200);
  await end(child);
});

test("a refused credential of the acting account is 502, and not the caller's 401", async () => {
  const { port } = await standIn();
  const proxy = await serve(port);
  for (const http of fronts) {
    const received = await send(proxy, { http, path: "/api/v1/unauthorized", lines: alice });
    expect([received.status, statusIn(received).message]).toEqual([
      502,
      "the API server refused the credential of the acting account",
    ]);
    const behind = "/api/v1/namespaces/a/services/unauthorized/proxy/";
    expect((await send(proxy, { http, path: behind, lines: alice })).status).toBe(401);
  }
});

test.each([
  ["/api/v1/flood", constants.NGHTTP2_NO_ERROR],
  ["/api/v1/flood", constants.NGHTTP2_CANCEL],
  ["/api/v1/forever?watch=1", constants.NGHTTP2_NO_ERROR],
  ["/api/v1/forever?watch=1", constants.NGHTTP2_CANCEL],
])(
  "a client that does not read %s, and resets its stream with code %i, ends the API server's stream",
  async (path, code) => {
    const { port, open } = await standIn();
    const proxy = await serve(port);
    const session = connect(proxy.url, { ca: proxy.ca ?? "" });
    try {
      const streams = Array.from({ length: 10 }, () =>
        session
          .request({ ":path": new URL(proxy.url).pathname + path, authorization: "Bearer alice" })
          .on("error", () => {}),
      );
      await Promise.all(streams.map((stream) => once(stream, "response")));
      await until("the answers wait", async () => open() === 10);
      for (const stream of streams) stream.close(code);
      await until("the API server's streams have ended", async () => open() === 0);
      await until("all lines are written", async () => proxy.entries.length === 10);
      expect(new Set(proxy.entries.map(({ reason }) => reason))).toEqual(new Set(["the client has left"]));
    } finally {
      session.destroy();
    }
  },
);

test.each(fronts)("trailers reach a client that wants them, over HTTP/%i", async (http) => {
  const { port } = await standIn();
  const proxy = await serve(port);
  const received = await send(proxy, { http, path: "/api/v1/trailers", lines: [...alice, "te", "trailers"] });
  expect([received.text, received.trailers]).toEqual(["body", ["x-sum", "42"]]);
});

test("an upgrade that the API server answers otherwise, breaks off or cannot be asked for is answered, and the proxy runs on", async () => {
  const [port = 0] = await freePorts(1);
  const child = await startProcess(port);
  const proxy = await serve(port);
  const { pathname } = new URL(proxy.url);
  const upgrade = (path: string): string =>
    `GET ${pathname}${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  expect(await sendBytes(proxy, upgrade("/api/v1/fine"))).toMatch(/^HTTP\/1\.1 200 [\s\S]*GET 0/);
  expect(await sendBytes(proxy, upgrade("/api/v1/unauthorized"))).toMatch(/^HTTP\/1\.1 502 [\s\S]*acting account/);
  const ended = once(child, "exit");
  const text = await sendBytes(proxy, upgrade("/api/v1/forever?watch=1"), { onText: () => child.kill("SIGKILL") });
  await ended;
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(await sendBytes(proxy, upgrade("/api/v1/fine"))).toMatch(/^HTTP\/1\.1 502 [\s\S]*ECONNREFUSED/);
  await until("all lines are written", async () => proxy.entries.length === 4);
  expect(proxy.entries.map(({ status }) => status)).toEqual([200, 502, 200, 502]);
});

test("clients that leave at any moment of an upgrade do no harm", async () => {
  const { port, seen, open } = await standIn();
  const proxy = await serve(port);
  const { pathname } = new URL(proxy.url);
  const upgrade = (query: string): string =>
    `GET ${pathname}/api/v1/silent?watch=1${query} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const anyMoment = Array.from({ length: 40 }, (_, at) =>
    sendBytes(proxy, upgrade(""), { signal: AbortSignal.timeout(1 + 5 * at) }),
  );
  const leave = new AbortController();
  const last = Array.from({ length: 10 }, () => sendBytes(proxy, upgrade("&last"), { signal: leave.signal }));
  const arrived = () => seen.filter(({ path }) => path.includes("&last"));
  await until("the API server has the last ones", async () => arrived().length === last.length);
  leave.abort();
  expect(await Promise.all([...anyMoment, ...last])).toEqual(Array(50).fill(""));
  await until("the API server's connections have ended", async () => open() === 0);
  await until("all lines are written", async () => proxy.entries.length >= seen.length);
  expect((await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice })).status).toBe(200);
});

test("an upgrade whose client leaves before its token is known does not reach the API server", async () => {
  const { port, seen, holdReviews } = await standIn();
  const proxy = await serve(port);
  const fine = async () => (await send(proxy, { http: 2, path: "/api/v1/fine", lines: alice })).status;
  expect(await fine()).toBe(200);
  const { held, release } = holdReviews();
  const leave = new AbortController();
  const text = `GET ${new URL(proxy.url).pathname}/api/v1/silent?watch=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer bob\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const left = sendBytes(proxy, text, { signal: leave.signal });
  await until("the token is asked for", async () => held() === 1);
  leave.abort();
  expect(await left).toBe("");
  // The proxy has seen the end of the connection when a later one has been answered.
  expect(await fine()).toBe(200);
  release();
  await until("its line is written", async () => proxy.entries.length === 3);
  expect(proxy.entries.at(-1)).toMatchObject({ caller: "bob", reason: "the client has left" });
  expect(seen.map(({ path }) => path)).toEqual(["/api/v1/fine", "/api/v1/fine"]);
});

/** A stream that writes as long as it may, and how much that was when it has stood still. */
const writtenUntilStill = async (stream: Writable): Promise<number> => {
  let written = 0;
  const chunk = Buffer.alloc(65_536);
  const write = (): void => {
    while (written < 300_000_000) {
      written += chunk.length;
      if (!stream.write(chunk)) return;
    }
  };
  stream.on("drain", write);
  write();
  for (let last = -1; last !== written; ) {
    last = written;
    await sleep(500);
  }
  return written;
};

test.each(fronts)("a body is taken no faster than the API server reads it, over HTTP/%i", async (http) => {
  const [port = 0] = await freePorts(1);
  const child = await startProcess(port);
  const proxy = await serve(port);
  const { origin, pathname, hostname, port: ours } = new URL(proxy.url);
  const path = `${pathname}/api/v1/deaf`;
  const authorization = "Bearer alice";
  const session = connect(origin, { ca: proxy.ca ?? "" });
  const stream =
    http === 2
      ? session.request({ ":method": "POST", ":path": path, authorization })
      : request({ hostname, port: ours, method: "POST", path, ca: proxy.ca, headers: { authorization } });
  stream.on("error", () => {});
  expect(await writtenUntilStill(stream)).toBeLessThan(20_000_000);
  stream.destroy();
  session.destroy();
  await end(child);
});

test("answers are taken no faster than clients read them", async () => {
  const [port = 0] = await freePorts(1);
  const child = await startProcess(port);
  const proxy = await serve(port);
  const { origin, pathname } = new URL(proxy.url);
  const before = process.memoryUsage().rss;
  const session = connect(origin, { ca: proxy.ca ?? "" });
  const streams = Array.from({ length: 20 }, () => {
    const stream = session.request({ ":path": `${pathname}/api/v1/flood?watch=1`, authorization: "Bearer alice" });
    stream.on("error", () => {});
    return stream;
  });
  await Promise.all(streams.map((stream) => once(stream, "response")));
  await sleep(3_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  expect((await send(proxy, { http: 1, path: "/api/v1/fine", lines: alice })).text).toBe("GET 0");
  session.destroy();
  await until("all lines are written", async () => proxy.entries.length === 21);
  for (const { bytes } of proxy.entries) expect(bytes).toBeLessThan(5_000_000);
  await end(child);
});

test("no connection to the API server carries two credentials", async () => {
  const { port, seen } = await standIn();
  const proxy = await serve(port);
  const tokens = [undefined, "alice", "bob", "uid-1", "uid-2"];
  const requests = Array.from({ length: 100 }, (_, at) => {
    const token = tokens[at % tokens.length];
    const lines = token === undefined ? [] : ["authorization", `Bearer ${token}`];
    return send(proxy, { http: at % 3 === 0 ? 1 : 2, path: "/api/v1/fine", lines });
  });
  expect((await Promise.all(requests)).every(({ status }) => status === 200)).toBe(true);
  const valueIn = (lines: readonly string[], wanted: string) =>
    lines.find((_, at) => at % 2 === 1 && lines[at - 1]?.toLowerCase() === wanted) ?? "nothing";
  const credentials = new Map<unknown, Set<string>>();
  for (const { connection, lines } of seen) {
    const known = credentials.get(connection) ?? new Set();
    credentials.set(connection, known.add(valueIn(lines, "authorization")));
  }
  expect([...credentials.values()].map((each) => [...each]).sort()).toEqual([
    ["Bearer actor"],
    ["Bearer uid-1"],
    ["Bearer uid-2"],
    ["nothing"],
  ]);
  const sent = seen.map(({ lines }) => `${valueIn(lines, "authorization")} as ${valueIn(lines, "impersonate-user")}`);
  expect([...new Set(sent)].sort()).toEqual([
    "Bearer actor as alice",
    "Bearer actor as bob",
    "Bearer uid-1 as nothing",
    "Bearer uid-2 as nothing",
    "nothing as nothing",
  ]);
});

test("the token of a subprotocol reaches the API server as little as any other credential of a caller", async () => {
  const { port, seen } = await standIn();
  const proxy = await serve(port);
  const { pathname } = new URL(proxy.url);
  const carrier = (token: string) =>
    `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
  const upgrade = (lines: string): string =>
    `GET ${pathname}/api/v1/fine HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`;
  const protocols = (text: string) => `Sec-WebSocket-Protocol: ${text}\r\n`;
  const authorization = (token: string) => `Authorization: Bearer ${token}\r\n`;
  const rows = [
    [protocols(`${carrier("alice")}, v5.channel.k8s.io`), 200, "Bearer actor"],
    [authorization("alice") + protocols(`${carrier("bob")}, v5.channel.k8s.io`), 200, "Bearer actor"],
    [
      authorization("alice") + protocols(`v5.channel.k8s.io, ${carrier("bob")}, v4.channel.k8s.io`),
      200,
      "Bearer actor",
    ],
    [protocols(carrier("alice")) + protocols("v5.channel.k8s.io"), 200, "Bearer actor"],
    [protocols(`${carrier("uid-1")}, v5.channel.k8s.io`), 200, "Bearer uid-1"],
    [authorization("alice") + protocols(carrier("bob")), 400, undefined],
    [authorization("alice") + protocols(`${carrier("a")}, ${carrier("b")}, v5.channel.k8s.io`), 200, "Bearer actor"],
  ] as const;
  for (const [lines, status, credential] of rows) {
    seen.splice(0);
    const answer = await sendBytes(proxy, upgrade(lines));
    expect([lines, Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1])]).toEqual([lines, status]);
    const arrived = seen.map((each) => each.lines[each.lines.findIndex((name) => /^authorization$/i.test(name)) + 1]);
    expect(arrived).toEqual(credential === undefined ? [] : [credential]);
    expect(JSON.stringify(seen.map((each) => each.lines))).not.toContain("base64url.bearer");
  }
  for (const http of fronts) {
    seen.splice(0);
    const lines = [...alice, "sec-websocket-protocol", `${carrier("bob")}, v5.channel.k8s.io`];
    expect((await send(proxy, { http, path: "/api/v1/fine", lines })).status).toBe(200);
    expect(JSON.stringify(seen[0]?.lines)).not.toContain("base64url.bearer");
  }
});
