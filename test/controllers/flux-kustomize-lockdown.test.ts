import { afterAll, beforeAll, expect, test } from "vitest";
import type { Guard } from "../cluster/world/install-policy.ts";
import {
  accountOf,
  configMap,
  type FluxGround,
  kustomization,
  pathOf,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";

// Flux's multi-tenancy lockdown: `--default-service-account=default`.
const controller = "system:serviceaccount:flux-system:kustomize-controller";

let ground: FluxGround;
let guard: Guard;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller", ["--default-service-account=default"]);
  guard = await ground.guard({ name: "flux", targets: [{ preset: "flux", defaultServiceAccount: "default" }] });
});
afterAll(async () => {
  await guard?.uninstall();
  await ground?.stop();
});

test("an empty Kustomization is given the default account where its author may impersonate that", async () => {
  const object = kustomization(team, "empty");
  await ground.deployed("alice", object, [configMap(team, "empty")]);
  expect((await ground.stored(pathOf(object))).spec.serviceAccountName).toBe("default");
  expect(await ground.store({ resource: "configmaps", name: "empty" })).toMatchObject({
    sender: controller,
    actedAs: accountOf("default"),
  });
});

test("and is refused where its author may not", async () => {
  const { status, body } = await ground.create("dave", kustomization(team, "refused"));
  expect([status, body.message]).toEqual([
    403,
    `admission webhook "mutate.kustomize.toolkit.fluxcd.io.impersonation-admission" denied the request: spec.serviceAccountName: dave may not impersonate the default "${accountOf("default")}"; get the permission to impersonate serviceaccounts/default -n ${team}`,
  ]);
});

test("Flux's own bootstrap names its controller, and what it applies without an account gets the default, with no drift", async () => {
  const root = kustomization("flux-system", "flux-system", { serviceAccountName: "kustomize-controller" });
  const apps = kustomization("flux-system", "apps");
  await ground.deployed("admin", root, [root, apps, configMap("flux-system", "root")]);
  expect(await ground.store({ resource: "configmaps", name: "root" })).toMatchObject({
    sender: controller,
    actedAs: controller,
  });
  const { spec, metadata } = await ground.stored(pathOf(apps));
  expect(spec.serviceAccountName).toBe("default");
  const mark = ground.plane.auditMark();
  for (const _ of [1, 2, 3]) await ground.reconciled("admin", root);
  expect((await ground.stored(pathOf(apps))).metadata.generation).toBe(metadata.generation);
  expect(ground.stores({ sender: controller, resource: "kustomizations", verb: "patch" }, mark)).toEqual([]);
});
