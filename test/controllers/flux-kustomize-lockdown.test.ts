import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Guard, installTwins } from "../cluster/world/install-policy.ts";
import {
  accountOf,
  collectionOf,
  configMap,
  type FluxGround,
  kustomization,
  kustomizeController,
  pathOf,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";
import { guarded } from "./world/guarded.ts";

// Flux's multi-tenancy lockdown: `--default-service-account=default`.
const policy = { name: "flux", targets: [{ preset: "flux", defaultServiceAccount: "default" }] };

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller", ["--default-service-account=default"]);
});
afterAll(() => ground?.stop());

const byPolicies = (): Promise<Guard> => {
  const object = kustomization(team, "probe");
  return installTwins(ground.plane, policy, [{ who: "dave", collection: collectionOf(object), object }]);
};

describe.each([
  [
    "function",
    () => ground.guard(policy),
    `denied the request: spec.serviceAccountName: dave may not impersonate the default "${accountOf("default")}"; get the permission to impersonate serviceaccounts/default -n ${team}`,
  ],
  ["policies", byPolicies, `denied request: spec.serviceAccountName is empty; set it to "default"`],
])("guarded by the %s", (by, install, sentence) => {
  guarded(install);

  test("an empty Kustomization is given the default account where its author may impersonate that", async () => {
    const object = kustomization(team, `empty-${by}`);
    await ground.deployed("alice", object, [configMap(team, `empty-${by}`)]);
    expect((await ground.stored(pathOf(object))).spec.serviceAccountName).toBe("default");
    expect(await ground.store({ resource: "configmaps", name: `empty-${by}` })).toMatchObject({
      sender: kustomizeController,
      actedAs: accountOf("default"),
    });
  });

  test("and is refused where its author may not", async () => {
    const { status, body } = await ground.create("dave", kustomization(team, "refused"));
    expect([status, body.message]).toEqual([403, expect.stringContaining(sentence)]);
  });

  test("Flux's own bootstrap names its controller, and what it applies without an account gets the default, with no drift", async () => {
    const root = kustomization("flux-system", `root-${by}`, { serviceAccountName: "kustomize-controller" });
    const apps = kustomization("flux-system", `apps-${by}`);
    await ground.deployed("admin", root, [root, apps, configMap("flux-system", `root-${by}`)]);
    expect(await ground.store({ resource: "configmaps", name: `root-${by}` })).toMatchObject({
      sender: kustomizeController,
      actedAs: kustomizeController,
    });
    const { spec, metadata } = await ground.stored(pathOf(apps));
    expect(spec.serviceAccountName).toBe("default");
    const mark = ground.plane.auditMark();
    for (const _ of [1, 2, 3]) await ground.reconciled("admin", root);
    expect((await ground.stored(pathOf(apps))).metadata.generation).toBe(metadata.generation);
    expect(ground.stores({ sender: kustomizeController, resource: "kustomizations", verb: "patch" }, mark)).toEqual([]);
  });
});
