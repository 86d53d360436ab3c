import { once } from "node:events";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Http2SessionsOptions, http2Sessions } from "../../../../functions/net/http2-sessions.ts";
import { throwAwayCertificates } from "../../../../infra/local/certificates.ts";

const tls = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers nothing, and a pool of connections to it. */
const start = async (options: Partial<Http2SessionsOptions> = {}, maxConcurrentStreams = 100) => {
  const server = createSecureServer({ ...tls, settings: { maxConcurrentStreams } });
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    streams.push(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = http2Sessions({ origin, tls: async () => ({ ca: tls.ca }), ...options });
  closing.push(() => {
    pool.close();
    for (const session of sessions) session.destroy();
    server.close();
  });
  const open = async (isWanted = () => true) => {
    const headers = [":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/"];
    const stream = await pool.open(headers, { endStream: true, isWanted });
    stream.on("error", () => {});
    return stream;
  };
  return { open, pool, sessions, streams, server };
};

test.each([
  [100, 250, 3],
  [10, 25, 3],
])("streams beyond the limit of %i open further connections", async (most, count, connections) => {
  const { open, sessions, streams } = await start({}, most);
  await Promise.all(Array.from({ length: count }, () => open()));
  while (streams.length < count) await sleep(5);
  expect(sessions.length).toBe(connections);
});

test("one connection is opened for requests that come at the same time, and used again", async () => {
  const { open, sessions } = await start();
  const streams = await Promise.all(Array.from({ length: 20 }, () => open()));
  for (const stream of streams) stream.close();
  await Promise.all(streams.map((stream) => once(stream, "close")));
  await open();
  expect(sessions.length).toBe(1);
});

test("a connection whose server leaves gets no new stream", async () => {
  const { open, sessions } = await start();
  const { session = expect.unreachable() } = await open();
  const leaving = once(session, "goaway");
  sessions[0]?.goaway(0);
  await leaving;
  await open();
  expect(sessions.length).toBe(2);
});

test("a connection whose server does not answer a ping ends, with its streams", async () => {
  const { server } = await start();
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const relay = createServer((socket) => {
    const peer = connect(port, "127.0.0.1");
    for (const end of [socket, peer]) end.on("error", () => {});
    socket.pipe(peer).pipe(socket);
    sockets.push(socket, peer);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const origin = `https://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const pool = http2Sessions({ origin, tls: async () => ({ ca: tls.ca }), pingEvery: 50, pingPatience: 100 });
  const stream = await pool.open([":path", "/"], { endStream: true, isWanted: () => true });
  stream.on("error", () => {});
  for (const socket of sockets) socket.unpipe().pause();
  await new Promise((resolve) => stream.once("close", resolve));
  expect(stream.rstCode).not.toBe(0);
  for (const socket of sockets) socket.destroy();
  relay.close();
});

test("an unused connection ends after its time", async () => {
  const empty = Promise.withResolvers<void>();
  const { open, pool } = await start({ idleAfter: 100, pingEvery: 20, onEmpty: empty.resolve });
  (await open()).close();
  await empty.promise;
  expect(pool.usage()).toEqual({ connections: 0, streams: 0 });
});

test("a server that is not there fails all who wait, and is not asked again at once", async () => {
  const { server, pool } = await start();
  server.close();
  await once(server, "close");
  const attempts = Array.from({ length: 50 }, () =>
    pool.open([":path", "/"], { endStream: true, isWanted: () => true }),
  );
  for (const { status, ...rest } of await Promise.allSettled(attempts))
    expect([status, "reason" in rest && rest.reason.code]).toEqual(["rejected", "ECONNREFUSED"]);
});

test("a request that has ended opens no stream", async () => {
  const { open, streams } = await start();
  let isWanted = true;
  const opened = open(() => isWanted);
  isWanted = false;
  await expect(opened).rejects.toThrow("the request has ended");
  expect(streams).toEqual([]);
});
