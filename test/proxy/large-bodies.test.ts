import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMetrics } from "../../functions/server/open-metrics.ts";
import type { Caller } from "../cluster/harness/caller.ts";
import { until } from "../cluster/world/until.ts";
import { send } from "./world/clients.ts";
import { openStreams } from "./world/open-streams.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

/* A body of 16 MiB is answered before it has arrived: by the API server, which takes 3 MiB, or by the proxy, which reads none of it. */

const folder = mkdtempSync(join(tmpdir(), "proxy-large-bodies-"));
const file = join(folder, "body.json");
const path = "/api/v1/namespaces/default/configmaps";
const body = JSON.stringify({
  ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "large" } },
  data: { text: "z".repeat(16 * 1024 * 1024) },
});
let stage: Stage;
let proxy: Served;

beforeAll(async () => {
  stage = await startStage();
  proxy = await stage.serve({ metrics: await openMetrics(), healthPort: 0 });
  writeFileSync(file, body);
});
afterAll(async () => {
  await stage?.stop();
  rmSync(folder, { recursive: true });
});

/** Posts the body, and returns what says why it was refused. */
type Post = (caller: Caller) => Promise<string>;

const kubectl =
  (env: Readonly<Record<string, string>>): Post =>
  async (caller) =>
    (await proxy.kubectl(caller, ["create", `--raw=${path}`, `--filename=${file}`], { env })).stderr;

const onItsOwnConnection: Post = async ({ token }) => {
  const lines = ["authorization", `Bearer ${token}`, "content-type", "application/json", "connection", "close"];
  const { text, isWhole } = await send(proxy, { http: 1, method: "POST", path, lines, body });
  return isWhole ? JSON.parse(text).message : "the answer is not whole";
};

describe.each([
  ["kubectl over HTTP/2", kubectl({})],
  ["kubectl over HTTP/1.1", kubectl({ DISABLE_HTTP2: "true" })],
  ["a client that ends its connection", onItsOwnConnection],
] as const)("for %s", (_name, post) => {
  const forbidden =
    'cannot create resource "configmaps" in API group "" in the namespace "default": decision made by proxy.impersonation-admission';
  test.each([
    ["the API server refuses", () => stage.user("olga"), "Request entity too large: limit is 3145728"],
    ["the proxy refuses a user who may not create it", () => stage.user("rita"), forbidden],
    ["the proxy refuses an unknown token", () => ({ name: "unknown", token: "nonsense" }), "Unauthorized"],
  ] as const)("a large body that %s is answered, and nothing of it is left", async (_fault, caller, reason) => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => post(caller())));
      expect(answers).toEqual(answers.map(() => expect.stringContaining(reason)));
    }
    await until("no stream to the API server is left", async () => (await openStreams(proxy)) === 0);
  });
});
