import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hashOf } from "../../functions/keys.ts";
import { registryOf } from "../../functions/registry/registry.ts";
import { readSettings } from "../../functions/settings.ts";
import type { Entry } from "../../functions/telemetry/telemetry.ts";
import { json, type Peer, type Reply, reviewed, startPeer } from "../support/api-server-peer.ts";
import { httpApi } from "../support/gateway-events.ts";
import { guarded } from "../support/guarded.ts";
import { reviewText } from "../support/reviews.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** An API server that knows one token, and lets whoever asks with it impersonate anybody. */
const apiServer = async (): Promise<Peer & { token: string }> => {
  const reply: Reply = (seen, response, socket) => {
    const known = seen.headers.authorization === `Bearer ${server.token}`;
    (known ? reviewed({ allowed: true }) : json(401, {}))(seen, response, socket);
  };
  const server = Object.assign(await startPeer(reply), { token: "first" });
  cleanups.push(server.close);
  return server;
};

const kubeconfig = ({ url, caData }: Peer, token: string, key: string) =>
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
          extensions: [{ name: "impersonation-admission", extension: { keys: [hashOf(key)] } }],
        },
      },
    ],
  });

/** The function as it is deployed, with a registry that is old after so many milliseconds. */
const deployed = (environment: NodeJS.ProcessEnv, registryMaxAge: number) => {
  const logged: Entry[] = [];
  const registry = registryOf({ ...readSettings(environment), registryMaxAge }, (entry) => logged.push(entry));
  const { send } = guarded({ edges: { registry, log: (entry) => logged.push(entry) } });
  return {
    logged: (event: Entry["event"]) => logged.filter((entry) => entry.event === event),
    ready: () => send(httpApi({ method: "GET", path: "/readyz" })),
    /** The outcome of a review that is sent with this key, or the status of a call that gets none. */
    admit: async (key: string, timeout = "5s") => {
      const path = `/clusters/prod/${key}/mutate`;
      const { status, json: body } = await send(httpApi({ path, query: { timeout }, body: reviewText() }));
      return body.response?.auditAnnotations?.decision ?? status;
    },
  };
};

test("a function that is told of no registry is not ready, and its log says why", async () => {
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

const fromFile = async (maxAge: number) => {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "kubeconfig");
  return {
    write: (text: string) => writeFile(file, text),
    deploy: () => deployed({ REGISTRY: `file:${file}` }, maxAge),
  };
};

const long = 3_600_000;
const short = 50;

describe("the registry of a deployment", () => {
  test("is there for the first call", async () => {
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
    await vi.waitFor(() => expect(logged("registry")).toHaveLength(1));
    await write(kubeconfig(server, "first", "k1"));
    expect(await admit("k1")).toBe("permitted");
    expect(logged("registry")).toMatchObject([
      { clusters: 0, problems: [expect.stringContaining("kubeconfig cannot be read (ENOENT)")] },
      { clusters: 1, problems: [] },
    ]);
  });

  test.each([
    [{ REGISTRY: "s3://bucket/key" }, "REGISTRY names no registry; it must be a file, file:PATH"],
    [{ REGISTRY: "/nowhere/kubeconfig" }, "the registry /nowhere/kubeconfig cannot be read (ENOENT)"],
    [
      { REGISTRY: "ssm:/a", AWS_REGION: "eu-west-1" },
      "the registry ssm:/a cannot be read: there are no AWS credentials",
    ],
  ])("that cannot be had: %j", async (environment, problem) => {
    const { admit, ready, logged } = deployed(environment, long);
    expect(await ready()).toMatchObject({ status: 503 });
    expect(await admit("k1")).toBe(404);
    expect(logged("registry")[0]).toMatchObject({ clusters: 0, problems: [expect.stringContaining(problem)] });
  });

  test("that is named nowhere is not looked for", async () => {
    const { ready, logged } = deployed({}, long);
    expect(await ready()).toMatchObject({ status: 503 });
    expect(logged("registry")).toEqual([]);
  });
});

describe("a registry that is old", () => {
  test("is read again beside a decision, which goes by the old one", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(short);
    await write(kubeconfig(server, "first", "k1"));
    const { admit } = deploy();
    expect(await admit("k1")).toBe("permitted");
    await sleep(short);
    await write(kubeconfig(server, "first", "k2"));
    expect(await admit("k1")).toBe("permitted");
    expect(await admit("k1")).toBe(404);
    expect(await admit("k2")).toBe("permitted");
  });

  test("and cannot be read stays in use, and says how old it is", async () => {
    const server = await apiServer();
    const { write, deploy } = await fromFile(short);
    await write(kubeconfig(server, "first", "k1"));
    const { admit, logged } = deploy();
    expect(await admit("k1")).toBe("permitted");
    await sleep(short);
    await write("token: s3cret: [");
    for (const _ of [1, 2]) expect(await admit("k1")).toBe("permitted");
    expect(logged("refresh-failed")[0]).toMatchObject({
      message: expect.stringMatching(/kubeconfig is no YAML: /),
      ageSeconds: expect.any(Number),
    });
    expect(JSON.stringify(logged("refresh-failed"))).not.toContain("s3cret");
  });

  test("is waited for no longer than the API server waits", async () => {
    const server = await apiServer();
    const text = JSON.stringify({ SecretString: kubeconfig(server, "first", "k1") });
    let answers = true;
    const secrets = createServer((_, response) => void (answers && response.end(text)));
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
    const { admit, logged } = deployed(environment, short);
    expect(await admit("k1")).toBe("permitted");
    answers = false;
    await sleep(short);
    const started = performance.now();
    expect(await admit("k1", "2s")).toBe("permitted");
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(logged("refresh-failed")).toMatchObject([
      { message: expect.stringMatching(/Secrets Manager in eu-west-1 did not answer within \d+ ms/) },
    ]);
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
  await sleep(1_000);
  expect(await admit("k1")).toBe("permitted");
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer first",
    "Bearer first",
    "Bearer second",
  ]);
});
