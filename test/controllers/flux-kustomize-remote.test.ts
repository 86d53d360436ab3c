import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { applied } from "../cluster/world/applied.ts";
import { until } from "../cluster/world/until.ts";
import {
  accountOf,
  configMap,
  type FluxGround,
  kustomization,
  kustomizeController,
  pathOf,
  remote,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";
import { guarded } from "./world/guarded.ts";

// With `spec.kubeConfig` Flux applies to another cluster. Here it is the same one, reached by other credentials.

let ground: FluxGround;

/** A server of a tenant, which takes the tokens that it is sent. */
const startCollector = async () => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
  const tokens: string[] = [];
  const server = createServer({ cert, key }, ({ headers }, response) => {
    tokens.push(headers.authorization ?? "");
    response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const subjectOf = (token: string): string =>
    JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).sub;
  return {
    ca,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subjects: () => [...new Set(tokens.map(subjectOf))],
    stop: () =>
      new Promise<void>((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
};
let collector: Awaited<ReturnType<typeof startCollector>>;

const secret = (name: string, kubeconfig: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: team },
  stringData: { value: kubeconfig },
});

const named = `spec.serviceAccountName: dave may not impersonate "${accountOf("deployer")}"`;
const empty = "spec.serviceAccountName is empty, which stands for";
const connects = (path: string): string =>
  `${path} stands for "${kustomizeController}", and alice may not impersonate that; leave it out`;
const byToken = { kubeConfig: { secretRef: { name: "by-token" } } };
const byConfigMap = { kubeConfig: { configMapRef: { name: "by-config-map" } } };

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller", ["--feature-gates=ObjectLevelWorkloadIdentity=true"]);
  collector = await startCollector();
  const { plane } = ground;
  const config = plane.kubeconfig(plane.user(remote));
  const withTokenFile = JSON.parse(config);
  withTokenFile.users[0].user = { tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token" };
  await applied(plane, [
    secret("by-token", config),
    secret("by-token-file", JSON.stringify(withTokenFile)),
    configMap(team, "by-config-map", {
      provider: "generic",
      address: collector.url,
      "ca.crt": collector.ca,
      // What the API server accepts: a token that it issues to itself.
      audiences: "https://kubernetes.default.svc",
      serviceAccountName: "builder",
    }),
  ]);
});
afterAll(async () => {
  await collector?.stop();
  await ground?.stop();
});

describe("without a guard", () => {
  test("a ConfigMap makes Flux send the token of any account to any address", async () => {
    const object = kustomization(team, "unguarded", { ...byConfigMap, serviceAccountName: "deployer" });
    await ground.artifacts.publish(object.metadata, [configMap(team, "unguarded")]);
    expect((await ground.create("dave", object)).status).toBe(201);
    await until("the tenant's server is called", async () => collector.subjects().length > 0);
    expect(collector.subjects()).toEqual([accountOf("builder")]);
    expect((await ground.remove("dave", object)).status).toBe(200);
  });
});

const refuses = async (who: string, spec: object, sentence: string): Promise<void> => {
  const object = kustomization(team, "refused", spec);
  const { status, body } = await ground.create(who, object);
  expect([status, body.message]).toEqual([403, expect.stringContaining(`denied the request: ${sentence}`)]);
  expect(await ground.stored(pathOf(object))).toBeUndefined();
};

describe("guarded, where Flux may read files that a kubeconfig names", () => {
  guarded(() => ground.guard({ name: "flux", targets: [{ preset: "flux", kubeConfigSecrets: "files" }] }));

  test.each([
    ["a Secret", "dave", byToken, empty],
    [
      "a Secret and a permitted account",
      "alice",
      { ...byToken, serviceAccountName: "deployer" },
      connects("spec.kubeConfig"),
    ],
    ["a ConfigMap", "dave", byConfigMap, empty],
    [
      "a ConfigMap and a permitted account",
      "alice",
      { ...byConfigMap, serviceAccountName: "deployer" },
      connects("spec.kubeConfig"),
    ],
  ])("a Kustomization with %s is refused", (_, who, spec, sentence) => refuses(who, spec, sentence));

  test.each([
    ["a Secret", byToken],
    ["a ConfigMap", byConfigMap],
  ])("Flux's own bootstrap may use %s", async (_, spec) => {
    const object = kustomization("flux-system", "own", spec);
    expect((await ground.create("admin", object)).status).toBe(201);
    await ground.remove("admin", object);
    await until("it is gone", async () => (await ground.stored(pathOf(object))) === undefined);
  });
});

describe("guarded, where Flux refuses kubeconfigs that name files", () => {
  guarded(() => ground.guard({ name: "flux", targets: [{ preset: "flux", kubeConfigSecrets: "inline" }] }));

  test("with the kubeconfig of a Secret and no account, Flux acts as the user of that kubeconfig", async () => {
    await ground.deployed("dave", kustomization(team, "as-remote", byToken), [configMap(team, "as-remote")]);
    const write = await ground.store({ resource: "configmaps", name: "as-remote" });
    expect(write).toMatchObject({ sender: remote, actedAs: remote });
  });

  test("with the kubeconfig of a Secret and an account, Flux impersonates that account there", async () => {
    const object = kustomization(team, "as-deployer", { ...byToken, serviceAccountName: "deployer" });
    await ground.deployed("alice", object, [configMap(team, "as-deployer")]);
    const write = await ground.store({ resource: "configmaps", name: "as-deployer" });
    expect(write).toMatchObject({ sender: remote, actedAs: accountOf("deployer") });
  });

  test("this Flux does refuse them", async () => {
    const object = kustomization(team, "token-file", { kubeConfig: { secretRef: { name: "by-token-file" } } });
    await ground.artifacts.publish(object.metadata, [configMap(team, "token-file")]);
    expect((await ground.create("dave", object)).status).toBe(201);
    const { message } = await ground.settled(object, { status: "False", message: "tokenFile" });
    expect(message).toContain("references a tokenFile, only an inline token is supported");
  });

  test.each([
    ["an account that its author may not impersonate", "dave", { ...byToken, serviceAccountName: "deployer" }, named],
    ["a kubeconfig from nowhere", "dave", { kubeConfig: {} }, empty],
    ["a Secret without a name", "dave", { kubeConfig: { secretRef: { name: "" } } }, empty],
    ["a ConfigMap", "dave", byConfigMap, empty],
    [
      "a ConfigMap and a permitted account",
      "alice",
      { ...byConfigMap, serviceAccountName: "deployer" },
      connects("spec.kubeConfig.configMapRef"),
    ],
  ])("a Kustomization with %s is refused", (_, who, spec, sentence) => refuses(who, spec, sentence));
});
