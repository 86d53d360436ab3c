import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openRegistry } from "../../functions/registry/open-registry.ts";
import { readSettings } from "../../functions/settings.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import type { Entry } from "../../functions/webhook/log-entries.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { json, type Peer, type Reply, reviewed, startPeer } from "../support/api-server-peer.ts";
import { eventually } from "../support/eventually.ts";
import { httpApi } from "../support/gateway-events.ts";
import { guarded } from "../support/guarded.ts";
import { reviewText } from "../support/reviews.ts";

// Time passes where a test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** An API server that accepts one token, and answers every question with yes. */
const apiServer = async (): Promise<Peer & { token: string }> => {
  const reply: Reply = (seen, response, socket) => {
    const known = seen.headers.authorization === `Bearer ${server.token}`;
    (known ? reviewed({ allowed: true }) : json(401, {}))(seen, response, socket);
  };
  const server = Object.assign(await startPeer(reply), { token: "first" });
  cleanups.push(server.close);
  return server;
};

const kubeconfig = ({ url, caData }: Peer, token: string, key: string, policy = "razee") =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url, "certificate-authority-data": caData } }],
    users: [{ name: "u", user: { token } }],
    contexts: [
      {
        name: "prod",
        context: {
          cluster: "c",
          user: "u",
          extensions: [{ name: "impersonation-admission", extension: { keys: [hashOfKey(key)], policy } }],
        },
      },
    ],
  });

/** The function as it is deployed; the ages at which its registry is old and dead are in milliseconds. */
const deployed = (environment: NodeJS.ProcessEnv, registryMaxAge: number, registryDeadAge = 86_400_000) => {
  const logged: Entry[] = [];
  const settings = { ...readSettings(environment), registryMaxAge, registryDeadAge };
  const registry = openRegistry(settings, webhookClusters, (entry) => logged.push(entry));
  const { send } = guarded({ dependencies: { registry, log: (entry) => logged.push(entry) } });
  const call = (key: string, timeout: string) =>
    send(httpApi({ path: `/clusters/prod/${key}/mutate`, query: { timeout }, body: reviewText() }));
  return {
    logged: (event: Entry["event"]) => logged.filter((entry) => entry.event === event),
    ready: () => send(httpApi({ method: "GET", path: "/readyz" })),
    /** The outcome of a review that is sent with this key, or the status of a call without a verdict. */
    admit: async (key: string, timeout = "5s") => {
      const { status, json: body } = await call(key, timeout);
      return body.response?.auditAnnotations?.decision ?? status;
    },
    /** The API server's view of it. */
    answer: async (key: string, timeout = "5s") => (await call(key, timeout)).json.response,
  };
};

test("a function without REGISTRY is not ready, and its log says why", async () => {
  const { ready, logged } = deployed({ AWS_LAMBDA_FUNCTION_NAME: "admission" }, 1_000);
  expect((await ready()).status).toBe(503);
  expect(logged("registry")).toEqual([
    {
      event: "registry",
      clusters: 0,
      problems: ["REGISTRY is not set; name the registry as file:PATH, secretsmanager:NAME or ssm:/PATH"],
    },
  ]);
  expect(deployed({}, 1_000).logged("registry")).toEqual([]);
});

const fromFile = async (maxAge: number, deadAge?: number) => {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "kubeconfig");
  return {
    write: (text: string) => writeFile(file, text),
    deploy: () => deployed({ REGISTRY: `file:${file}` }, maxAge, deadAge),
  };
};

const long = 3_600_000;
const short = 60_000;

describe("the registry of a deployment", () => {
  test("is loaded for the first call", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(long);
    await write(kubeconfig(server, "first", "k1"));
    const { admit, ready, logged } = deploy();
    expect(await admit("k1")).toBe("permitted");
    expect(await admit("k2")).toBe(404);
    expect(await ready()).toMatchObject({ status: 200 });
    expect(logged("registry")).toEqual([{ event: "registry", clusters: 1, problems: [] }]);
  });

  test("that could not be read at first is read by the first call", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(long);
    const { admit, logged } = deploy();
    await eventually(() => expect(logged("registry")).toHaveLength(1));
    await write(kubeconfig(server, "first", "k1"));
    expect(await admit("k1")).toBe("permitted");
    expect(logged("registry")).toMatchObject([
      { clusters: 0, problems: [expect.stringContaining("kubeconfig cannot be read (ENOENT)")] },
      { clusters: 1, problems: [] },
    ]);
  });

  test.each([
    [{ REGISTRY: "s3://bucket/key" }, "REGISTRY is not valid; it must be a file, file:PATH"],
    [{ REGISTRY: "/nowhere/kubeconfig" }, "the registry /nowhere/kubeconfig cannot be read (ENOENT)"],
    [
      { REGISTRY: "ssm:/a", AWS_REGION: "eu-west-1" },
      "the registry ssm:/a cannot be read: there are no AWS credentials",
    ],
  ])("that cannot be read: %j", async (environment, problem) => {
    const { admit, ready, logged } = deployed(environment, long);
    expect(await ready()).toMatchObject({ status: 503 });
    expect(await admit("k1")).toBe(404);
    expect(logged("registry")[0]).toMatchObject({ clusters: 0, problems: [expect.stringContaining(problem)] });
  });

  test("that is not named is not looked for", async () => {
    const { ready, logged } = deployed({}, long);
    expect(await ready()).toMatchObject({ status: 503 });
    expect(logged("registry")).toEqual([]);
  });
});

/** A secret of Secrets Manager, which gets no answer while `answers` is off. */
const fromSecret = async (text: string) => {
  const secrets = createServer((_, response) => {
    source.asked += 1;
    if (source.answers) response.end(source.text);
  });
  await once(secrets.listen(0, "127.0.0.1"), "listening");
  cleanups.push(async () => {
    secrets.closeAllConnections();
    secrets.close();
  });
  const environment = {
    REGISTRY: "secretsmanager:clusters",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(secrets.address() as AddressInfo).port}`,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "ASIA",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  const source = { text: JSON.stringify({ SecretString: text }), answers: true, asked: 0, environment };
  return source;
};

describe("a registry that is old by more than a tenth", () => {
  const growOld = () => pass(1.2 * short);

  test("is read again before a key is compared: a removed key is refused, a new one is accepted", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(short);
    await write(kubeconfig(server, "first", "k1"));
    const { admit } = deploy();
    expect(await admit("k1")).toBe("permitted");
    await write(kubeconfig(server, "first", "k2"));
    await growOld();
    expect(await admit("k1")).toBe(404);
    await write(kubeconfig(server, "first", "k3"));
    await growOld();
    expect(await admit("k3")).toBe("permitted");
  });

  test("is read again before a review is judged: a policy that was in audit mode denies now", async () => {
    const server = await apiServer();
    server.reply = reviewed({ allowed: false });
    const { write, deploy } = await fromFile(short);
    await write(kubeconfig(server, "first", "k1", "razee-audit"));
    const { answer } = deploy();
    expect(await answer("k1")).toMatchObject({ auditAnnotations: { enforcement: "audit" } });
    await write(kubeconfig(server, "first", "k1"));
    await growOld();
    expect(await answer("k1")).toMatchObject({ patchType: "JSONPatch", auditAnnotations: { decision: "replaced" } });
  });

  test("and cannot be read stays in use, and its age is logged", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(short);
    await write(kubeconfig(server, "first", "k1"));
    const { admit, ready, logged } = deploy();
    expect(await admit("k1")).toBe("permitted");
    await growOld();
    await write("token: s3cret: [");
    for (const _ of [1, 2]) expect(await admit("k1")).toBe("permitted");
    expect(await ready()).toMatchObject({ status: 200 });
    expect(logged("refresh-failed")).toMatchObject([
      { message: expect.stringMatching(/kubeconfig is not valid YAML: /), ageSeconds: expect.any(Number) },
    ]);
    expect(JSON.stringify(logged("refresh-failed"))).not.toContain("s3cret");
  });

  test("is not waited for longer than the API server waits: a denial is there in time", async () => {
    const server = await apiServer();
    const secret = await fromSecret(kubeconfig(server, "first", "k1"));
    const { admit, answer, logged } = deployed(secret.environment, short);
    expect(await admit("k1")).toBe("permitted");
    secret.answers = false;
    await growOld();
    const answered = answer("k1", "2s");
    await eventually(() => expect(secret.asked).toBe(2));
    // A second is reserved for the way back.
    await pass(1_000);
    expect(await answered).toMatchObject({
      allowed: false,
      status: { code: 503, message: expect.stringContaining("registry of clusters is too old") },
    });
    expect(logged("decision").at(-1)).toMatchObject({ requester: "alice", failure: "registry-outdated" });
    // The reading goes on, and ends for callers that can wait.
    expect(await admit("k1", "10s")).toBe("permitted");
    expect(logged("refresh-failed")).toMatchObject([
      { message: expect.stringMatching(/Secrets Manager in eu-west-1 did not answer within \d+ ms/) },
    ]);
  });
});

describe("a registry that could not be read for longer than it may be used", () => {
  const dead = async (policy: string) => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(short, 2 * short);
    await write(kubeconfig(server, "first", "k1", policy));
    const deployment = deploy();
    expect(await deployment.admit("k1")).toBe("permitted");
    await pass(2 * short);
    await write("");
    server.seen.splice(0);
    return { ...deployment, server };
  };

  test.each(["razee", "razee-audit"])("denies every review, and asks nothing (%s)", async (policy) => {
    const { answer, logged, server } = await dead(policy);
    expect(await answer("k1")).toMatchObject({
      allowed: false,
      status: {
        code: 503,
        reason: "ServiceUnavailable",
        message: expect.stringContaining("every later reading failed"),
      },
      auditAnnotations: { decision: "denied", reason: "no-answer", requester: "alice" },
    });
    expect(server.seen).toEqual([]);
    expect(logged("decision").at(-1)).toMatchObject({ decision: "denied", failure: "registry-outdated", questions: 0 });
  });

  test("is not ready, and reveals nothing to an unknown caller", async () => {
    const { admit, ready } = await dead("razee");
    expect(await ready()).toMatchObject({
      status: 503,
      json: { message: expect.stringContaining("every later reading failed") },
    });
    expect(await admit("another")).toBe(404);
  });
});

test("credentials that were refused (401) are replaced while the review waits", async () => {
  const server = await apiServer();
  const { write, deploy } = await fromFile(long);
  await write(kubeconfig(server, "first", "k1"));
  const { admit } = deploy();
  expect(await admit("k1")).toBe("permitted");
  server.token = "second";
  await write(kubeconfig(server, "second", "k1"));
  await pass(1_000);
  expect(await admit("k1")).toBe("permitted");
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer first",
    "Bearer first",
    "Bearer second",
  ]);
});

describe("an entry that changed while its cluster refused our credentials (401)", () => {
  /** The entry `prod` belongs to another cluster now, whose API server would say yes. */
  const moved = async (key: string) => {
    const [before, after] = [await apiServer(), await apiServer()];
    const { write, deploy } = await fromFile(long);
    await write(kubeconfig(before, "first", "k1"));
    const { answer, admit } = deploy();
    expect(await admit("k1")).toBe("permitted");
    before.token = "second";
    await write(kubeconfig(after, "first", key));
    await pass(1_000);
    return { answer: await answer("k1"), asked: after.seen };
  };

  test("is not asked about a caller whose key does not open it", async () => {
    const { answer, asked } = await moved("k2");
    expect(answer).toMatchObject({ allowed: false, status: { code: 502, message: expect.stringContaining("(401)") } });
    expect(asked).toEqual([]);
  });

  test("is asked about a caller whose key opens it too", async () => {
    const { answer, asked } = await moved("k1");
    expect(answer).toMatchObject({ allowed: true, auditAnnotations: { decision: "permitted" } });
    expect(asked).toHaveLength(1);
  });
});
