import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRegistry } from "../../functions/registry/open-registry.ts";
import { readSettings } from "../../functions/settings.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { createHandler } from "../../functions/webhook/handler.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { until } from "../cluster/world/until.ts";
import { httpApi } from "../support/gateway-events.ts";
import { reviewText, template } from "../support/reviews.ts";
import { type Moto, region, startMoto } from "./parts/moto.ts";
import { python } from "./parts/python.ts";

const parameter = "/impersonation-admission/prod";

let moto: Moto;
let folder: string;
let operator: NodeJS.ProcessEnv;
let call: (key: string) => Promise<number | undefined>;

/** `prod.yaml` with the hashes of these keys. */
const write = async (...keys: readonly string[]): Promise<void> => {
  const extension = { keys: keys.map(hashOfKey) };
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "prod", cluster: { server: "https://prod.invalid" } }],
    users: [{ name: "function", user: { token: "token" } }],
    contexts: [
      {
        name: "prod",
        context: { cluster: "prod", user: "function", extensions: [{ name: "impersonation-admission", extension }] },
      },
    ],
  };
  await writeFile(join(folder, "prod.yaml"), JSON.stringify(kubeconfig));
};

/** The command of docs/connecting-clusters.md and docs/operations.md. */
const putParameter = (...more: readonly string[]) => {
  const given = ["--name", parameter, "--type", "SecureString", "--value", "file://prod.yaml", ...more];
  return promisify(execFile)(python("aws"), ["ssm", "put-parameter", ...given], { cwd: folder, env: operator });
};

/** Calls with the old and the new key, as API servers with the old or the new URL do, until the calls get these statuses. */
const answers = (old: number, fresh: number) =>
  until(`the old key gets ${old} and the new one ${fresh}`, async () => {
    const statuses = [await call("old"), await call("new")];
    return statuses[0] === old && statuses[1] === fresh;
  });

beforeAll(async () => {
  moto = await startMoto();
  folder = await mkdtemp(join(tmpdir(), "rotation-"));
  const credentials = async (name: string, action: string) => {
    const session = await moto.session(await moto.role(name, [{ Action: action, Resource: "*" }]));
    return {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
      AWS_ENDPOINT_URL: moto.url,
    };
  };
  const more = { PATH: process.env["PATH"], HOME: folder, AWS_DEFAULT_REGION: region };
  operator = { ...(await credentials("operator", "ssm:PutParameter")), ...more };
  await write("old");
  await putParameter();
  const own = await credentials("function", "ssm:GetParametersByPath");
  const settings = readSettings({ ...own, REGISTRY: "ssm:/impersonation-admission/", REGISTRY_MAX_AGE: "1" });
  const handler = createHandler({ registry: openRegistry(settings, webhookClusters, () => {}), log: () => {} });
  call = async (key) => {
    // alice names herself: the cluster is not asked.
    const body = reviewText({ object: template("alice") });
    const event = httpApi({ path: `/clusters/prod/${key}/mutate`, query: { timeout: "30s" }, body });
    const result = await handler(event, { getRemainingTimeInMillis: () => 30_000 } as Context);
    return result.statusCode;
  };
});
afterAll(async () => {
  await moto?.stop();
  await rm(folder, { recursive: true });
});

test("at first the function knows one key", async () => {
  await answers(200, 404);
});

test("an existing parameter is replaced only with --overwrite", async () => {
  await expect(putParameter()).rejects.toThrow("ParameterAlreadyExists");
});

test("then the function knows both keys: the API server may get the new URL at any time", async () => {
  await write("old", "new");
  await putParameter("--overwrite");
  await answers(200, 200);
});

test("finally the function does not know the old key any more", async () => {
  await write("new");
  await putParameter("--overwrite");
  await answers(404, 200);
});
