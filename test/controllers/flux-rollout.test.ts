import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applied } from "../cluster/world/applied.ts";
import { installFunction } from "../cluster/world/install-policy.ts";
import { until } from "../cluster/world/until.ts";
import { runCommand } from "../support/command.ts";
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

// A cluster at work that gets a guard: what its tenants could do, what `report` and audit mode say, what stays as it was.
const stored = kustomization(team, "stored");
const root = kustomization("flux-system", "flux-system");

let ground: FluxGround;
beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller");
});
afterAll(() => ground?.stop());

/** An account of the tenant becomes cluster-admin. */
const takeover = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "takeover" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", namespace: team, name: "default" }],
};

const policy = (more: object = {}) => ({ name: "flux", targets: [{ preset: "flux" }], ...more });

describe("without a guard", () => {
  test("a tenant who may write Kustomizations in one namespace makes an account of it cluster-admin", async () => {
    await ground.deployed("dave", stored, [takeover]);
    expect(await ground.store({ resource: "clusterrolebindings", name: "takeover" })).toMatchObject({
      sender: kustomizeController,
      actedAs: kustomizeController,
    });
  });

  test("`report` lists it before a policy is enforced, and Flux's own bootstrap too", async () => {
    await ground.deployed("admin", root, [root, configMap("flux-system", "root")]);
    const { plane } = ground;
    const file = (name: string, text: string): string => {
      const path = join(plane.connection.folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const kubeconfig = file("report.kubeconfig", plane.kubeconfig(plane.user("admin")));
    const policyFile = file("report-policy.json", JSON.stringify(policy()));
    const { stdout, status } = await runCommand("report", [
      ...["--kubeconfig", kubeconfig, "--policy", policyFile, "-o", "json"],
    ]);
    const found = { finding: "empty", standsFor: kustomizeController };
    expect([status, JSON.parse(stdout)]).toEqual([
      1,
      [
        expect.objectContaining({ ...found, namespace: "flux-system", name: "flux-system" }),
        expect.objectContaining({ ...found, namespace: team, name: "stored" }),
      ],
    ]);
    // The takeover counts: the account of the tenant may write Flux's own objects.
    expect(JSON.parse(stdout)[0].mayWrite).toContain(`ServiceAccount ${team}/default`);
  });
});

describe("in audit mode", () => {
  guarded(() => ground.guard(policy({ enforcement: "audit" })));

  test("nothing is refused, and the API server's audit log has what would be", async () => {
    const object = kustomization(team, "audited");
    await ground.artifacts.publish(object.metadata, [configMap(team, "audited")]);
    const { status, warnings } = await ground.create("dave", object);
    expect([status, warnings]).toEqual([
      201,
      [expect.stringMatching(/^audit \(not enforced\): spec\.serviceAccountName is empty, which stands for /)],
    ]);
    await ground.settled(object, { status: "True" });
    const { decisions } = await ground.store({ resource: "kustomizations", name: "audited", verb: "create" });
    expect(decisions).toEqual(["denied empty", "denied empty"]);
  });
});

describe("enforced", () => {
  guarded(() => ground.guard(policy()));

  test("what was stored before goes on: Flux applies it as cluster-admin until its author changes it", async () => {
    await ground.plane.kubectl(ground.plane.user("admin"), ["delete", "clusterrolebinding", "takeover"]);
    await ground.reconciled("dave", stored);
    expect(await ground.stored("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/takeover")).toBeDefined();
    expect((await ground.edit("dave", stored, { spec: { interval: "2h" } })).status).toBe(403);
  });

  test("its author gives it an account, and Flux no longer may do what the account may not", async () => {
    const { status } = await ground.edit("alice", stored, { spec: { serviceAccountName: "deployer" } });
    expect(status).toBe(200);
    const { message } = await ground.settled(stored, { status: "False" });
    expect(message).toContain(`User "${accountOf("deployer")}" cannot`);
  });
});

describe("a policy that refuses every empty account", () => {
  const target = {
    group: "kustomize.toolkit.fluxcd.io",
    versions: ["v1"],
    resources: ["kustomizations"],
    fields: [{ path: "spec.serviceAccountName", serviceAccount: "name" }],
    onEmpty: "deny",
  };
  guarded(() => ground.guard({ name: "flux", targets: [target] }));
  const child = kustomization("flux-system", "child");

  test("stops Flux's own bootstrap: one refused child, and nothing of the root is applied", async () => {
    await ground.artifacts.publish(root.metadata, [root, child, configMap("flux-system", "late")]);
    const { message } = await ground.settled(root, { status: "False" });
    expect(message).toContain(
      `Kustomization/flux-system/child dry-run failed (Forbidden): admission webhook "mutate.kustomize.toolkit.fluxcd.io.impersonation-admission" denied the request: spec.serviceAccountName is empty; set it to an identity that ${kustomizeController} may impersonate`,
    );
    expect(await ground.stored("/api/v1/namespaces/flux-system/configmaps/late")).toBeUndefined();
  });

  test("refuses even system:masters", async () => {
    const { status, body } = await ground.create("admin", child);
    expect([status, body.message]).toEqual([403, expect.stringContaining("spec.serviceAccountName is empty")]);
  });
});

describe("a policy for two versions of a resource", () => {
  const group = "kustomize.toolkit.fluxcd.io";
  const targets = [
    {
      group,
      versions: ["v1", "v1beta2"],
      resources: ["kustomizations"],
      fields: [{ path: "spec.serviceAccountName", serviceAccount: "name" }],
      emptyStandsFor: kustomizeController,
    },
  ];
  const older = (name: string, serviceAccountName: string) => ({
    ...kustomization(team, name, { serviceAccountName }),
    apiVersion: `${group}/v1beta2`,
  });
  const probes = ["alice", "dave"].map((who) => {
    const object = kustomization(team, "probe", { serviceAccountName: "deployer" });
    return { who, collection: collectionOf(object), object };
  });
  // As Flux served it until 2.7.
  const serveOlder = async (): Promise<void> => {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kustomizations.${group}`;
    const { metadata, spec, ...definition } = await ground.stored(path);
    const [newest] = spec.versions;
    const versions = [newest, { ...newest, name: "v1beta2", storage: false }];
    await applied(ground.plane, [
      {
        ...definition,
        metadata: { name: metadata.name, annotations: metadata.annotations },
        spec: { ...spec, versions },
      },
    ]);
    await until("the older version is served", async () => ground.stored(collectionOf(older("any", "any"))));
  };
  const guard = guarded(async () => {
    await serveOlder();
    return installFunction(ground.plane, { name: "flux", targets }, probes);
  });

  test.each([
    ["newer", kustomization(team, "newer", { serviceAccountName: "deployer" })],
    ["older", older("older", "deployer")],
  ])("has one webhook for each endpoint, which is called once for the %s version", async (name, object) => {
    expect((await ground.create("alice", object)).status).toBe(201);
    const calls = guard()
      .calls()
      .filter(({ request }) => request.name === name);
    expect(calls.map(({ endpoint }) => endpoint).toSorted()).toEqual(["mutate", "validate"]);
    expect(
      (await ground.create("dave", { ...object, metadata: { ...object.metadata, name: `${name}-2` } })).status,
    ).toBe(403);
    expect(await ground.stored(pathOf(object))).toBeDefined();
  });
});
