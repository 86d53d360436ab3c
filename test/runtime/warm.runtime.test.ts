import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Peer, type Reply, reviewed, startPeer } from "../support/api-server-peer.ts";
import { type Instance, startInstance } from "./instance.ts";
import { unpackPackage } from "./packaged.ts";
import { writeRegistry } from "./registry.ts";
import { slowClock } from "./slow-clock.ts";

const key = "the-key-of-the-sample-events";
const stranger = "impersonation-admission-warm-up";
const no = reviewed({ allowed: false });
const silent: Reply = () => {};

let folder: string;
let taskRoot: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "registry-"));
  ({ taskRoot } = await unpackPackage());
});
afterAll(async () => {
  for (const path of [folder, taskRoot]) await rm(path, { recursive: true });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const peerThat = async (reply: Reply): Promise<Peer> => {
  const peer = await startPeer(reply);
  cleanups.push(peer.close);
  return peer;
};

const file = () => join(folder, "kubeconfig");
const guarded = (name: string, { url, caData }: Peer, callerKey = key) => ({
  ...{ name, key: callerKey, url, caData, token: `the-token-of-${name}` },
});

/** One instance of the packaged function, whose init has ended. */
const instanceOf = async (environment: Readonly<Record<string, string>>): Promise<Instance> => {
  const instance = await startInstance({ taskRoot, handler: "dist/lambda.handler", environment });
  cleanups.push(instance.stop);
  return instance;
};

const linesOf = ({ output }: Instance, event: string) =>
  output()
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === event);

const answerTo = async ({ invoke }: Instance) => {
  const event: APIGatewayProxyEventV2 = JSON.parse(
    await readFile(new URL("../../events/webhook/gateway-http-api.json", import.meta.url), "utf8"),
  );
  const now = { ...event, requestContext: { ...event.requestContext, timeEpoch: Date.now() } };
  const { statusCode, body } = (await invoke(now)) as APIGatewayProxyStructuredResultV2;
  return { statusCode, response: JSON.parse(body ?? "").response };
};

test("a warm-up question opens the connection to the cluster before the first call, which uses the same connection", async () => {
  const peer = await peerThat(no);
  await writeRegistry(file(), guarded("demo", peer));
  const instance = await instanceOf({ REGISTRY: file(), ...slowClock });
  expect(peer.seen.map(({ body }) => JSON.parse(body).spec)).toMatchObject([
    { user: stranger, resourceAttributes: { verb: "impersonate", resource: "users", name: `${stranger}-as` } },
  ]);
  const [line, ...more] = linesOf(instance, "warmed");
  expect(more).toEqual([]);
  expect(line).toEqual({
    ...{ level: "INFO", event: "warmed", warmed: ["demo"], problems: [], function: "admission" },
    warmMilliseconds: expect.any(Number),
  });
  expect(linesOf(instance, "decision")).toEqual([]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 200, response: { allowed: true } });
  expect([peer.seen.length, peer.connections()]).toEqual([2, 1]);
  expect(linesOf(instance, "decision")).toMatchObject([{ cold: true, ColdStarts: 1 }]);
});

test("with warming switched off, no question is asked before the first call", async () => {
  const peer = await peerThat(no);
  await writeRegistry(file(), guarded("demo", peer));
  const instance = await instanceOf({ REGISTRY: file(), WARM_CLUSTERS: "0" });
  expect([peer.seen.length, linesOf(instance, "warmed")]).toEqual([0, []]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 200, response: { allowed: true } });
});

test("a cluster that is down delays only its own reviews", async () => {
  const [peer, gone] = [await peerThat(no), await startPeer(no)];
  await gone.close();
  await writeRegistry(file(), guarded("gone", gone), guarded("demo", peer));
  const instance = await instanceOf({ REGISTRY: file(), ...slowClock });
  expect(linesOf(instance, "warmed")).toMatchObject([
    { level: "WARN", warmed: ["demo"], problems: [expect.stringMatching(/^gone: .*ECONNREFUSED/)] },
  ]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 200, response: { allowed: true } });
});

test("warming gives up an API server that hangs", async () => {
  await writeRegistry(file(), guarded("demo", await peerThat(silent)));
  const instance = await instanceOf({ REGISTRY: file(), ...slowClock });
  expect(linesOf(instance, "warmed")).toMatchObject([
    { warmed: [], problems: [expect.stringMatching(/^demo: .*did not answer within \d{3} ms/)] },
  ]);
});

test("warming gives up an API server that hangs at once where another one answers", async () => {
  await writeRegistry(file(), guarded("hangs", await peerThat(silent)), guarded("demo", await peerThat(no)));
  const instance = await instanceOf({ REGISTRY: file(), ...slowClock });
  expect(linesOf(instance, "warmed")).toMatchObject([
    { warmed: ["demo"], problems: ["hangs: did not answer in time"] },
  ]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 200, response: { allowed: true } });
});

test("a registry that cannot be read", async () => {
  const instance = await instanceOf({ REGISTRY: join(folder, "nowhere") });
  expect(linesOf(instance, "warmed")).toMatchObject([{ warmed: [], problems: ["no cluster is loaded yet"] }]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 404 });
});

test("a registry whose source hangs", async () => {
  const source = createServer(() => {});
  await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    source.closeAllConnections();
    source.close();
  });
  const instance = await instanceOf({
    ...{ REGISTRY: "ssm:/clusters", AWS_ACCESS_KEY_ID: "ASIA", AWS_SECRET_ACCESS_KEY: "secret" },
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(source.address() as AddressInfo).port}`,
  });
  expect(linesOf(instance, "warmed")).toMatchObject([{ warmed: [], problems: ["no cluster is loaded yet"] }]);
  expect(await answerTo(instance)).toMatchObject({ statusCode: 404 });
});

test("an instance that was frozen reads its registry before it compares a key", async () => {
  const peer = await peerThat(no);
  await writeRegistry(file(), guarded("demo", peer));
  const instance = await instanceOf({ REGISTRY: file(), REGISTRY_MAX_AGE: "1" });
  expect(await answerTo(instance)).toMatchObject({ statusCode: 200 });
  instance.freeze();
  await writeRegistry(file(), guarded("demo", peer, "another-key"));
  await sleep(1_500);
  instance.thaw();
  expect(await answerTo(instance)).toMatchObject({ statusCode: 404 });
});
