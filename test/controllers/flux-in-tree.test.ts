import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applied } from "../cluster/world/applied.ts";
import { policiesInForce } from "../cluster/world/policies-in-force.ts";
import { until } from "../cluster/world/until.ts";
import { runCommand } from "../support/command.ts";
import {
  accountOf,
  configMap,
  type FluxGround,
  kustomization,
  kustomizeController,
  pathOf,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";
import { type Write, writesSince } from "./world/writes.ts";

// Guarded by `manifests --policy flux --admission-policies | kubectl apply -f -` alone: no webhook, no function.

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller");
  const { stdout } = await runCommand("manifests", ["--policy", "flux", "--admission-policies"]);
  await applied(ground.plane, stdout);
  await policiesInForce(ground.plane);
});
afterAll(() => ground?.stop());

const mayNot = (who: string, account: string): string =>
  `spec.serviceAccountName: ${who} may not impersonate "${accountOf(account)}"`;

test("a tenant's Kustomization that names a permitted account is applied as that account", async () => {
  await ground.deployed("alice", kustomization(team, "permitted", { serviceAccountName: "deployer" }), [
    configMap(team, "permitted"),
  ]);
  expect(await ground.store({ resource: "configmaps", name: "permitted" })).toMatchObject({
    sender: kustomizeController,
    actedAs: accountOf("deployer"),
  });
});

test.each([
  ["an account that its author may not impersonate", "dave", { serviceAccountName: "deployer" }],
  ["no account", "dave", {}],
  ["no account, though its author may impersonate one", "alice", {}],
  ["no account, and a kubeconfig", "dave", { kubeConfig: { secretRef: { name: "any" } } }],
  [
    "a permitted account, and a kubeconfig",
    "alice",
    { serviceAccountName: "deployer", kubeConfig: { secretRef: { name: "any" } } },
  ],
  [
    "a permitted account, and decrypts by another",
    "alice",
    { serviceAccountName: "deployer", decryption: { provider: "sops", serviceAccountName: "builder" } },
  ],
])("a tenant's Kustomization that names %s is refused", async (_, who, spec) => {
  const object = kustomization(team, "refused", spec);
  const { status, body } = await ground.create(who, object);
  expect([status, body.message]).toEqual([403, expect.stringContaining("ValidatingAdmissionPolicy")]);
  expect(await ground.stored(pathOf(object))).toBeUndefined();
});

test("a stranger may label what runs as an account, and not edit it", async () => {
  const object = kustomization(team, "permitted");
  const { status, body } = await ground.edit("dave", object, { spec: { suspend: true } });
  expect([status, body.message]).toEqual([403, expect.stringContaining("ValidatingAdmissionPolicy")]);
  expect((await ground.edit("dave", object, { metadata: { labels: { team: "a" } } })).status).toBe(200);
  await ground.reconciled("dave", object);
});

test("a nested Kustomization is judged by its applier, and the Ready condition has the sentence", async () => {
  const object = kustomization(team, "outer", { serviceAccountName: "deployer" });
  await ground.artifacts.publish(object.metadata, [kustomization(team, "inner", { serviceAccountName: "builder" })]);
  expect((await ground.create("alice", object)).status).toBe(201);
  const { message } = await ground.settled(object, { status: "False", reason: "ReconciliationFailed" });
  expect(message).toContain(mayNot(accountOf("deployer"), "builder"));
  expect(await ground.stored(pathOf(kustomization(team, "inner")))).toBeUndefined();
});

describe("Flux's own bootstrap", () => {
  const root = kustomization("flux-system", "flux-system");
  const apps = kustomization("flux-system", "apps");

  test("passes without an account, and three reconciliations change nothing", async () => {
    await ground.artifacts.publish(apps.metadata, [configMap("flux-system", "app")]);
    await ground.deployed("admin", root, [root, configMap("flux-system", "root"), apps]);
    expect(await ground.store({ resource: "configmaps", name: "root" })).toMatchObject({
      actedAs: kustomizeController,
    });
    await ground.settled(apps, { status: "True" });
    const mark = ground.plane.auditMark();
    for (const _ of [1, 2, 3]) await ground.reconciled("admin", root);
    expect((await ground.stored(pathOf(apps))).spec).not.toHaveProperty("serviceAccountName");
    expect(ground.stores({ sender: kustomizeController, resource: "kustomizations" }, mark)).toEqual([]);
  });
});

test("a deletion ends, with what was applied", async () => {
  const object = kustomization(team, "permitted");
  expect((await ground.remove("dave", object)).status).toBe(200);
  await until("it is gone", async () => (await ground.stored(pathOf(object))) === undefined);
  expect(await ground.store({ resource: "configmaps", name: "permitted", verb: "delete" })).toMatchObject({
    actedAs: accountOf("deployer"),
  });
});

test("none of the controller's own writes was refused", () => {
  const own = writesSince(ground.plane, 0, { sender: kustomizeController, actedAs: kustomizeController });
  // Conflicts and deleted objects are Flux's daily life.
  const isRefused = ({ code }: Write): boolean => code >= 400 && code !== 404 && code !== 409;
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter(isRefused)).toEqual([]);
});
