import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actingAs } from "../cluster/harness/caller.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { until } from "../cluster/world/until.ts";
import {
  accountOf,
  collectionOf,
  configMap,
  type FluxGround,
  helmController,
  helmRelease,
  kustomizeController,
  pathOf,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";
import { guarded } from "./world/guarded.ts";
import { type Write, writesSince } from "./world/writes.ts";

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("helm-controller");
});
afterAll(() => ground?.stop());

const secretOf = (name: string, kubeconfig: object) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: team },
  stringData: { value: JSON.stringify(kubeconfig) },
});
const byTokenFile: object = { kubeConfig: { secretRef: { name: "token-file" } } };

test("without a guard, a kubeconfig that names the file of the controller's token makes a tenant cluster-admin", async () => {
  const { plane } = ground;
  const tokenFile = join(plane.connection.folder, "token");
  // As /var/run/secrets/kubernetes.io/serviceaccount/token in the controller's pod.
  writeFileSync(tokenFile, (await serviceAccount(plane, "flux-system", "helm-controller")).token, { mode: 0o600 });
  const config = JSON.parse(plane.kubeconfig(plane.user("admin")));
  config.users[0].user = { tokenFile };
  await applied(plane, [secretOf("token-file", config)]);
  await ground.deployed("dave", helmRelease(team, "token-file", byTokenFile), [configMap("flux-system", "token-file")]);
  expect(await ground.store({ resource: "configmaps", name: "token-file" })).toMatchObject({
    sender: helmController,
    actedAs: helmController,
  });
});

describe("guarded by the preset", () => {
  const guard = guarded(() => ground.guard({ name: "flux", targets: [{ preset: "flux" }] }));

  const refusal = (sentence: string): string =>
    `admission webhook "mutate.helm.toolkit.fluxcd.io.impersonation-admission" denied the request: ${sentence}`;
  const mayNot = (who: string, account: string): string =>
    `spec.serviceAccountName: ${who} may not impersonate "${accountOf(account)}"; get the permission to impersonate serviceaccounts/${account} -n ${team}`;
  const emptyIs = (who: string): string =>
    `spec.serviceAccountName is empty, which stands for "${helmController}", and ${who} may not impersonate that; set it to an identity that ${who} may impersonate, or get the permission to impersonate serviceaccounts/helm-controller -n flux-system`;
  const connects = (who: string): string =>
    `spec.kubeConfig stands for "${helmController}", and ${who} may not impersonate that; leave it out, or get the permission to impersonate serviceaccounts/helm-controller -n flux-system`;
  const inherited = (who: string, account: string): string =>
    `spec.serviceAccountName still names "${accountOf(account)}", which ${who} may not impersonate; set it to an identity that ${who} may impersonate`;

  describe("a HelmRelease of a tenant", () => {
    test("that names an account which its author may impersonate is installed as that account", async () => {
      await ground.deployed("alice", helmRelease(team, "permitted", { serviceAccountName: "deployer" }), [
        configMap(team, "permitted"),
      ]);
      expect(await ground.store({ resource: "configmaps", name: "permitted" })).toMatchObject({
        sender: helmController,
        actedAs: accountOf("deployer"),
      });
      expect(await ground.store({ resource: "helmreleases", name: "permitted", verb: "create" })).toMatchObject({
        actedAs: "alice",
        decisions: ["permitted may-impersonate", "permitted may-impersonate"],
      });
    });

    test.each([
      ["an account that its author may not impersonate", "dave", "deployer", mayNot("dave", "deployer")],
      ["no account", "dave", undefined, emptyIs("dave")],
      ["no account, though its author may impersonate one", "alice", undefined, emptyIs("alice")],
      ["no account, and a kubeconfig", "dave", undefined, emptyIs("dave"), byTokenFile],
      ["a permitted account, and a kubeconfig", "alice", "deployer", connects("alice"), byTokenFile],
    ])("that names %s is refused", async (_, who, serviceAccountName, sentence, more: object = {}) => {
      const object = helmRelease(team, "refused", { serviceAccountName, ...more });
      const { status, body } = await ground.create(who, object);
      expect([status, body.message]).toEqual([403, refusal(sentence)]);
      expect(await ground.stored(pathOf(object))).toBeUndefined();
    });

    test("is not edited or suspended by a stranger, who may label it", async () => {
      const object = helmRelease(team, "permitted");
      for (const spec of [{ suspend: true }, { values: { replicas: 2 } }]) {
        const { status, body } = await ground.edit("dave", object, { spec });
        expect([status, body.message]).toEqual([403, refusal(inherited("dave", "deployer"))]);
      }
      expect((await ground.edit("dave", object, { metadata: { labels: { team: "a" } } })).status).toBe(200);
      await ground.reconciled("dave", object);
    });
  });

  test("a HelmRelease in a chart is judged by the account that installs the chart, and the Ready condition has the sentence", async () => {
    const object = helmRelease(team, "outer", { serviceAccountName: "deployer" });
    await ground.artifacts.publishChart(object.metadata, [
      configMap(team, "beside"),
      helmRelease(team, "inner", { serviceAccountName: "builder" }),
    ]);
    expect((await ground.create("alice", object)).status).toBe(201);
    const { message } = await ground.settled(object, { status: "False", message: "denied the request" });
    expect(message).toContain(refusal(mayNot(accountOf("deployer"), "builder")));
    expect(await ground.stored(pathOf(helmRelease(team, "inner")))).toBeUndefined();
  });

  test("a HelmRelease of Flux's own bootstrap names no account: kustomize-controller, which may do everything, applies it", async () => {
    const { plane, artifacts } = ground;
    const object = helmRelease("flux-system", "own");
    await applied(plane, [
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "kustomize-controller-is-cluster-admin" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", namespace: "flux-system", name: "kustomize-controller" }],
      },
    ]);
    await artifacts.publishChart(object.metadata, [configMap("flux-system", "own")]);
    const created = await until("the ClusterRoleBinding counts", async () => {
      const caller = actingAs(plane.user("admin"), kustomizeController);
      const response = await plane.api(caller, { method: "POST", path: collectionOf(object), body: object });
      return response.status === 201 && response;
    });
    expect(created.body.spec).not.toHaveProperty("serviceAccountName");
    await ground.settled(object, { status: "True" });
    expect(await ground.store({ resource: "configmaps", name: "own" })).toMatchObject({ actedAs: helmController });
    expect(await ground.store({ resource: "helmreleases", name: "own", verb: "create" })).toMatchObject({
      actedAs: kustomizeController,
      decisions: ["permitted may-impersonate", "permitted may-impersonate"],
    });
    const { generation } = (await ground.stored(pathOf(object))).metadata;
    for (const _ of [1, 2, 3]) await ground.reconciled("admin", object);
    expect((await ground.stored(pathOf(object))).metadata.generation).toBe(generation);
  });

  test("the end of a HelmRelease is not judged, and its objects are deleted as its account", async () => {
    const object = helmRelease(team, "ended", { serviceAccountName: "deployer" });
    await ground.deployed("alice", object, [configMap(team, "ended")]);
    expect((await ground.remove("dave", object)).status).toBe(200);
    await until("it is gone", async () => (await ground.stored(pathOf(object))) === undefined);
    expect(await ground.store({ resource: "configmaps", name: "ended", verb: "delete" })).toMatchObject({
      sender: helmController,
      actedAs: accountOf("deployer"),
    });
  });

  test("none of the controller's own writes to HelmReleases was refused or even judged", async () => {
    const own = writesSince(ground.plane, 0, { sender: helmController, actedAs: helmController }).filter(
      ({ resource }) => resource.startsWith("helmreleases"),
    );
    expect(own.length).toBeGreaterThan(10);
    // Conflicts and deleted objects are Flux's daily life.
    const isRefused = ({ code }: Write): boolean => code >= 400 && code !== 404 && code !== 409;
    expect(own.filter((write) => isRefused(write) || write.decisions.length > 0)).toEqual([]);
  });

  test("while the webhook is down, a HelmRelease is installed again and removed, and a new one is refused", async () => {
    const object = helmRelease(team, "outage", { serviceAccountName: "deployer" });
    await ground.deployed("alice", object, [configMap(team, "outage", { version: "1" })]);
    await guard().stop();
    await ground.artifacts.publishChart(object.metadata, [configMap(team, "outage", { version: "2" })]);
    await until(
      "the new version is installed",
      async () => (await ground.stored(`/api/v1/namespaces/${team}/configmaps/outage`)).data.version === "2",
    );
    const refused = await ground.create("alice", helmRelease(team, "late", { serviceAccountName: "deployer" }));
    expect([refused.status, refused.body.message]).toEqual([500, expect.stringContaining("failed calling webhook")]);
    expect((await ground.remove("alice", object)).status).toBe(200);
    await until("it is gone", async () => (await ground.stored(pathOf(object))) === undefined);
  });
});
