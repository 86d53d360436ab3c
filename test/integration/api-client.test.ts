import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ApiClient, ClusterError, messageOf, openCluster, ReplyTooLarge } from "../../infra/cluster/api-client.ts";
import { json, type Peer, type Reply, startPeer } from "../support/api-server-peer.ts";

const folder = mkdtempSync(join(tmpdir(), "api-client-"));
let peer: Peer;
let api: ApiClient;

const kubeconfig = (more: object = {}): string => {
  const file = join(folder, "kubeconfig.json");
  const document = {
    clusters: [{ name: "c", cluster: { server: `${peer.url}/`, "certificate-authority-data": peer.caData } }],
    users: [{ name: "u", user: { token: "t0ken" } }],
    contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
    "current-context": "prod",
    ...more,
  };
  writeFileSync(file, JSON.stringify(document));
  return file;
};

beforeAll(async () => {
  peer = await startPeer(json(200, {}));
  api = openCluster(kubeconfig());
});
beforeEach(() => {
  peer.seen.splice(0);
});
afterAll(async () => {
  api.close();
  await peer.close();
  rmSync(folder, { recursive: true });
});

const replies = (...all: readonly Reply[]): void => {
  const waiting = [...all];
  peer.reply = (...call) => (waiting.length > 1 ? waiting.shift() : waiting[0])?.(...call);
};

test("reads and creates as the kubeconfig's user, over one connection", async () => {
  replies(json(200, { a: 1 }));
  expect(await api.send({ path: "/apis/x?limit=1" })).toEqual({ status: 200, body: { a: 1 }, warnings: [] });
  await api.send({ path: "/apis/y", body: { b: 2 } });
  const [read, created] = peer.seen;
  expect(read).toMatchObject({ method: "GET", url: "/apis/x?limit=1", body: "" });
  expect(read?.headers.authorization).toBe("Bearer t0ken");
  expect(created).toMatchObject({ method: "POST", url: "/apis/y", body: '{"b":2}', connection: read?.connection });
});

test("an error status is a reply, with its message and warnings", async () => {
  replies(json(403, { kind: "Status", message: "no" }, { warning: '299 - "say \\"hi\\"", 299 - "again"' }));
  const reply = await api.send({ path: "/x" });
  expect([reply.status, messageOf(reply), reply.warnings]).toEqual([403, "no", ['say "hi"', "again"]]);
});

test("text is a message too, and nothing has its number", async () => {
  replies(
    (_, response) => response.writeHead(404).end("404 page not found\n"),
    (_, response) => response.writeHead(503).end(),
  );
  expect(messageOf(await api.send({ path: "/x" }))).toBe("404 page not found");
  expect(messageOf(await api.send({ path: "/x" }))).toBe("HTTP 503");
});

const zipped = gzipSync(JSON.stringify({ items: ["x".repeat(10_000)] }));
const gzip = { "content-type": "application/json", "content-encoding": "gzip" };

test("compressed replies are read, and counted as they are read", async () => {
  replies((_, response) => response.writeHead(200, gzip).end(zipped));
  expect((await api.send({ path: "/x", mostBytes: 20_000 })).body).toEqual({ items: ["x".repeat(10_000)] });
  await expect(api.send({ path: "/x", mostBytes: 9_000 })).rejects.toThrow(ReplyTooLarge);
});

test.for([
  { what: "plain", headers: { "content-type": "application/json" }, text: '{"items":[' },
  { what: "compressed", headers: gzip, text: zipped.subarray(0, 20) },
])("a reply that breaks off is an error: $what", async ({ headers, text }) => {
  replies((_, response, socket) => {
    response.writeHead(200, { ...headers, "content-length": "100000" });
    response.write(text, () => setTimeout(() => socket.destroy(), 20));
  });
  await expect(api.send({ path: "/x" })).rejects.toThrow(ClusterError);
});

test("a server that is busy is asked again when it says", async () => {
  replies(json(429, {}, { "retry-after": "1" }), json(200, { done: true }));
  const started = performance.now();
  expect((await api.send({ path: "/x" })).body).toEqual({ done: true });
  expect(performance.now() - started).toBeGreaterThan(950);
  replies(json(429, {}, { "retry-after": "3600" }));
  expect((await api.send({ path: "/x" })).status).toBe(429);
});

test("refused credentials are read again, and others are tried once", async () => {
  const token = join(folder, "token");
  const file = kubeconfig({ users: [{ name: "u", user: { tokenFile: token } }] });
  const client = openCluster(file);
  const only =
    (accepted: string): Reply =>
    (seen, ...rest) =>
      json(seen.headers.authorization === `Bearer ${accepted}` ? 200 : 401, {})(seen, ...rest);
  writeFileSync(token, "old");
  replies(only("old"));
  expect((await client.send({ path: "/x" })).status).toBe(200);
  writeFileSync(token, "new");
  replies(only("new"));
  expect((await client.send({ path: "/x" })).status).toBe(200);
  replies(only("none"));
  await expect(client.send({ path: "/x" })).rejects.toThrow(
    new ClusterError('the credentials of context "prod" were refused (401); renew them'),
  );
  expect(peer.seen.map(({ headers }) => headers.authorization)).toEqual(
    ["old", "old", "new", "new"].map((each) => `Bearer ${each}`),
  );
  client.close();
});

test("a request is sent again where its idle connection was closed", async () => {
  replies(json(200, {}));
  await api.send({ path: "/x" });
  peer.hangUp();
  expect((await api.send({ path: "/x" })).status).toBe(200);
});

test("a switch of protocols is a reply, and ends the connection", async () => {
  replies((_, response, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    response.socket?.resume();
  });
  const reply = await api.send({ path: "/x" });
  expect([reply.status, messageOf(reply)]).toEqual([101, "HTTP 101"]);
});

test("a redirect is not followed", async () => {
  replies(json(307, {}, { location: `${peer.url}/elsewhere` }));
  expect((await api.send({ path: "/x" })).status).toBe(307);
  expect(peer.seen).toHaveLength(1);
});

test("a kubeconfig that cannot be used is refused with its name", () => {
  expect(() => openCluster(kubeconfig(), "staging")).toThrow(/kubeconfig\.json: context "staging"/);
  expect(() => openCluster(kubeconfig({ "current-context": "" }))).toThrow(
    /kubeconfig\.json has no current-context; give --context NAME/,
  );
  expect(() => openCluster(join(folder, "missing"))).toThrow(/missing cannot be read \(ENOENT\)/);
});
