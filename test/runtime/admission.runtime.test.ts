import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../cluster/world/until.ts";
import { type Peer, reviewed, startPeer } from "../support/api-server-peer.ts";
import { type Instance, startInstance } from "./instance.ts";
import { unpackPackage } from "./packaged.ts";
import { writeRegistry } from "./registry.ts";

const key = "the-key-of-the-sample-events";
const token = "the-token-of-the-registry";
const yes = reviewed({ allowed: true });
const no = reviewed({ allowed: false });

let folder: string;
let files: readonly string[];
let taskRoot: string;
let peer: Peer;
let instance: Instance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "registry-"));
  peer = await startPeer(no);
  const registry = join(folder, "kubeconfig");
  await writeRegistry(registry, { name: "demo", key, url: peer.url, caData: peer.caData, token });
  ({ taskRoot, files } = await unpackPackage());
  instance = await startInstance({
    taskRoot,
    handler: "dist/lambda.handler",
    environment: { REGISTRY: registry },
  });
});

afterAll(async () => {
  await instance?.stop();
  await peer?.close();
  for (const path of [folder, taskRoot]) if (path) await rm(path, { recursive: true });
});

beforeEach(() => {
  peer.seen.splice(0);
  peer.reply = no;
});

/** A sample event as the gateway sends it, with the time of the request. */
const sample = async (name: string): Promise<APIGatewayProxyEventV2> => {
  const event = JSON.parse(await readFile(new URL(`../../events/webhook/${name}.json`, import.meta.url), "utf8"));
  return { ...event, requestContext: { ...event.requestContext, timeEpoch: Date.now() } };
};

const answerTo = async (event: APIGatewayProxyEventV2) => {
  const { statusCode, headers, body } = (await instance.invoke(event)) as APIGatewayProxyStructuredResultV2;
  return { statusCode, headers, body: JSON.parse(body ?? "") };
};

const patchOf = ({ patch }: { readonly patch: string }) => JSON.parse(Buffer.from(patch, "base64").toString());

test("the zip holds only the bundle, its YAML parser and a package.json", () => {
  expect([...files].sort()).toEqual(["dist/admission.js", "dist/lambda.mjs", "dist/package.json", "dist/yaml.js"]);
});

test("GET /livez", async () => {
  expect(await answerTo(await sample("gateway-livez"))).toMatchObject({ statusCode: 200, body: { status: "ok" } });
});

test("a name that the requester may not impersonate is replaced, after the cluster answered no", async () => {
  const { statusCode, headers, body } = await answerTo(await sample("gateway-http-api"));
  expect({ statusCode, headers }).toMatchObject({ statusCode: 200, headers: { "content-type": "application/json" } });
  expect(body).toMatchObject({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" });
  expect(body.response).toMatchObject({ allowed: true, patchType: "JSONPatch" });
  expect(patchOf(body.response)).toEqual([
    expect.objectContaining({ path: "/spec/clusterAuth/impersonateUser", value: "alice" }),
  ]);
  expect(peer.seen).toMatchObject([
    {
      method: "POST",
      url: "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict",
      headers: { authorization: `Bearer ${token}`, "user-agent": "impersonation-admission" },
    },
  ]);
  expect(JSON.parse(peer.seen[0]?.body ?? "").spec).toEqual({
    user: "alice",
    groups: ["system:authenticated"],
    extra: {},
    resourceAttributes: { verb: "impersonate", group: "", version: "v1", resource: "users", name: "carol" },
  });
});

test("a name that the requester may impersonate stays", async () => {
  peer.reply = yes;
  const { body } = await answerTo(await sample("gateway-http-api"));
  expect(body.response).toMatchObject({ allowed: true, auditAnnotations: { decision: "permitted" } });
  expect(body.response).not.toHaveProperty("patch");
});

test("invocations share a connection to the cluster, and a connection that broke while the instance was frozen costs no answer", async () => {
  peer.reply = yes;
  const event = await sample("gateway-http-api");
  await answerTo(event);
  const before = peer.connections();
  await answerTo(event);
  expect(peer.connections()).toBe(before);
  instance.freeze();
  peer.hangUp();
  instance.thaw();
  expect((await answerTo(event)).body.response).toMatchObject({ auditAnnotations: { decision: "permitted" } });
  expect(peer.connections()).toBe(before + 1);
});

test("a cluster that does not answer: denied, with a second to spare before the API server gives up", async () => {
  peer.reply = () => {};
  const event = await sample("gateway-http-api");
  const { statusCode, body } = await answerTo({ ...event, queryStringParameters: { timeout: "2s" } });
  expect(statusCode).toBe(200);
  expect(body.response).toMatchObject({ allowed: false, status: { code: 504 } });
  const [, waited] = /did not answer within (\d+) ms/.exec(body.response.status.message) ?? [];
  expect(Number(waited)).toBeLessThanOrEqual(1_000);
});

test("a wrong key and an unknown path get the same answer", async () => {
  const wrongKey = await answerTo(await sample("gateway-wrong-key"));
  const event = await sample("gateway-http-api");
  expect(wrongKey).toMatchObject({ statusCode: 404 });
  expect(await answerTo({ ...event, rawPath: "/nowhere" })).toEqual(wrongKey);
  expect(peer.seen).toEqual([]);
});

test("every decision is logged as a line of JSON with CloudWatch metrics", async () => {
  const written = instance.output().length;
  await answerTo(await sample("gateway-http-api"));
  await answerTo(await sample("gateway-wrong-key"));
  const lines = await until("both lines are written", async () => {
    const all = instance.output().slice(written).trim().split("\n");
    return all.length > 1 && all;
  });
  const [decision, refusal, ...more] = lines.map((line) => JSON.parse(line));
  expect(more).toEqual([]);
  expect(decision).toMatchObject({
    ...{ level: "INFO", event: "decision", cluster: "demo", decision: "replaced", function: "admission", cold: false },
    ...{ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), Decisions: 1, Questions: 1 },
    _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: expect.any(Array) },
  });
  expect(refusal).toMatchObject({ level: "WARN", event: "refused", status: "404", RefusedCalls: 1 });
});

test("the log holds no key, no token and no part of a spec", () => {
  expect(instance.output()).toMatch(/^\{"level":"INFO","event":"registry",.*"RegistryClusters":1,/);
  expect(instance.output()).toContain("carol");
  for (const secret of [key, token, "greeting"]) expect(instance.output()).not.toContain(secret);
});
