import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../cluster/world/until.ts";
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
import { guarded } from "./world/guarded.ts";
import { makeTenant } from "./world/tenant.ts";
import { type Write, writesSince } from "./world/writes.ts";

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller");
});
afterAll(() => ground?.stop());
const guard = guarded(() => ground.guard({ name: "flux", targets: [{ preset: "flux" }] }));

const refusal = (sentence: string): string =>
  `admission webhook "mutate.kustomize.toolkit.fluxcd.io.impersonation-admission" denied the request: ${sentence}`;
const mayNot = (who: string, account: string, field = "spec.serviceAccountName"): string =>
  `${field}: ${who} may not impersonate "${accountOf(account)}"; get the permission to impersonate serviceaccounts/${account} -n ${team}`;
const emptyIs = (who: string): string =>
  `spec.serviceAccountName is empty, which stands for "${kustomizeController}", and ${who} may not impersonate that; set it to an identity that ${who} may impersonate, or get the permission to impersonate serviceaccounts/kustomize-controller -n flux-system`;
const inherited = (who: string, account: string): string =>
  `spec.serviceAccountName still names "${accountOf(account)}", which ${who} may not impersonate; set it to an identity that ${who} may impersonate`;

/** Mutate and validate decide the same. */
const both = (decision: string): readonly string[] => [decision, decision];

describe("a Kustomization of a tenant", () => {
  test("that names an account which its author may impersonate is applied as that account", async () => {
    const object = kustomization(team, "permitted", { serviceAccountName: "deployer" });
    await ground.deployed("alice", object, [configMap(team, "permitted")]);
    expect(await ground.store({ resource: "configmaps", name: "permitted" })).toMatchObject({
      sender: kustomizeController,
      actedAs: accountOf("deployer"),
    });
    expect(await ground.store({ resource: "kustomizations", name: "permitted", verb: "create" })).toMatchObject({
      actedAs: "alice",
      decisions: both("permitted may-impersonate"),
    });
  });

  test.each([
    ["an account that its author may not impersonate", "dave", "deployer", mayNot("dave", "deployer")],
    ["an account that does not exist", "alice", "nobody", mayNot("alice", "nobody")],
    ["no account", "dave", undefined, emptyIs("dave")],
    ["no account, though its author may impersonate one", "alice", undefined, emptyIs("alice")],
    ["an empty account", "alice", "", emptyIs("alice")],
  ])("that names %s is refused", async (_, who, serviceAccountName, sentence) => {
    const object = kustomization(team, "refused", { serviceAccountName });
    const { status, body } = await ground.create(who, object);
    expect([status, body.message]).toEqual([403, refusal(sentence)]);
    expect(await ground.stored(pathOf(object))).toBeUndefined();
  });

  test("names an account of its own namespace: a permission in another one has no effect", async () => {
    const { plane } = ground;
    await makeTenant(plane, {
      namespace: "other",
      apiGroups: ["kustomize.toolkit.fluxcd.io"],
      authors: ["alice"],
      accounts: ["deployer"],
      mayImpersonate: [],
    });
    const object = kustomization("other", "same-name", { serviceAccountName: "deployer" });
    const { body } = await until("alice may write there", async () => {
      const response = await ground.create("alice", object);
      return response.body.message.includes("denied the request") && response;
    });
    expect(body.message).toBe(refusal(mayNot("alice", "deployer").replaceAll(team, "other")));
  });

  test("may decrypt by an account that its author may impersonate, or by the cloud identity that all have", async () => {
    const decryption = (name: string, serviceAccountName?: string) =>
      kustomization(team, name, {
        serviceAccountName: "deployer",
        suspend: true,
        decryption: { provider: "sops", serviceAccountName },
      });
    const field = "spec.decryption.serviceAccountName";
    const asBuilder = await ground.create("alice", decryption("decrypts-as-builder", "builder"));
    expect([asBuilder.status, asBuilder.body.message]).toEqual([403, refusal(mayNot("alice", "builder", field))]);
    expect((await ground.create("alice", decryption("decrypts-as-deployer", "deployer"))).status).toBe(201);
    expect((await ground.create("alice", decryption("decrypts"))).status).toBe(201);
    const { event } = await ground.store({ resource: "kustomizations", name: "decrypts", verb: "create" });
    expect(event.annotations).toMatchObject({
      "validate.kustomize.toolkit.fluxcd.io.impersonation-admission/declared": accountOf("deployer"),
      "validate.kustomize.toolkit.fluxcd.io.impersonation-admission/field": "spec.serviceAccountName",
    });
  });
});

describe("a source of a tenant", () => {
  const create = (who: string, name: string, serviceAccountName?: string) =>
    ground.plane.api(ground.plane.user(who), {
      method: "POST",
      path: `/apis/source.toolkit.fluxcd.io/v1/namespaces/${team}/ocirepositories`,
      body: {
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "OCIRepository",
        metadata: { name, namespace: team },
        spec: { interval: "1h", url: "oci://registry.example.com/manifests", serviceAccountName },
      },
    });

  test("is pulled by an account that its author may impersonate, or by none", async () => {
    expect((await create("alice", "by-deployer", "deployer")).status).toBe(201);
    expect((await create("dave", "by-none")).status).toBe(201);
    const { status, body } = await create("dave", "refused", "deployer");
    expect([status, body.message]).toEqual([403, refusal(mayNot("dave", "deployer")).replace("kustomize", "source")]);
  });
});

describe("an edit", () => {
  const object = kustomization(team, "edited", { serviceAccountName: "deployer" });
  const isSuspended = async (): Promise<unknown> => (await ground.stored(pathOf(object))).spec.suspend;
  beforeAll(() => ground.deployed("alice", object, [configMap(team, "edited")]));

  test.each([
    ["of the spec", { spec: { interval: "2h" } }],
    ["that suspends it", { spec: { suspend: true } }],
    ["that leads to other manifests", { spec: { sourceRef: { name: "permitted" } } }],
  ])("%s by a stranger is refused, because the object still names the account", async (_, patch) => {
    const { status, body } = await ground.edit("dave", object, patch);
    expect([status, body.message]).toEqual([403, refusal(inherited("dave", "deployer"))]);
  });

  test("of labels by a stranger passes, and so does `flux reconcile`", async () => {
    expect((await ground.edit("dave", object, { metadata: { labels: { team: "a" } } })).status).toBe(200);
    await ground.reconciled("dave", object);
  });

  test("that suspends and resumes it passes for a user who may impersonate the account", async () => {
    expect((await ground.edit("alice", object, { spec: { suspend: true } })).status).toBe(200);
    expect(await isSuspended()).toBe(true);
    expect((await ground.edit("alice", object, { spec: { suspend: null } })).status).toBe(200);
    await ground.settled(object, { status: "True" });
  });
});

describe("a Kustomization that a Kustomization applies", () => {
  const outer = (name: string, inner: object) => ({
    object: kustomization(team, name, { serviceAccountName: "deployer" }),
    content: [kustomization(team, `${name}-inner`, { ...inner, sourceRef: { kind: "GitRepository", name } })],
  });

  test.each([
    ["its own account", "self", "deployer", "self requester"],
    ["an account that the outer one's account may impersonate", "granted", "runner", "permitted may-impersonate"],
  ])("may name %s", async (_, name, serviceAccountName, decision) => {
    const { object, content } = outer(name, { serviceAccountName, path: "./" });
    // The inner one applies the same manifests, so it applies itself: as its own account.
    await ground.artifacts.publish(object.metadata, content);
    expect((await ground.create("alice", object)).status).toBe(201);
    await ground.settled(object, { status: "True" });
    const created = await ground.store({
      resource: "kustomizations",
      name: `${name}-inner`,
      actedAs: accountOf("deployer"),
    });
    expect(created).toMatchObject({ sender: kustomizeController, decisions: both(decision) });
  });

  test.each([
    [
      "an account that the outer one's account may not impersonate",
      "ungranted",
      "builder",
      mayNot(accountOf("deployer"), "builder"),
    ],
    ["no account", "nested-empty", undefined, emptyIs(accountOf("deployer"))],
  ])("may not name %s, and the Ready condition has the sentence", async (_, name, serviceAccountName, sentence) => {
    const { object, content } = outer(name, { serviceAccountName });
    await ground.artifacts.publish(object.metadata, [...content, configMap(team, name)]);
    expect((await ground.create("alice", object)).status).toBe(201);
    const { reason, message } = await ground.settled(object, { status: "False", reason: "ReconciliationFailed" });
    expect([reason, message.trim()]).toEqual([
      "ReconciliationFailed",
      `Kustomization/${team}/${name}-inner dry-run failed (Forbidden): ${refusal(sentence)}`,
    ]);
    expect(await ground.stored(pathOf(kustomization(team, `${name}-inner`)))).toBeUndefined();
    // Flux applies all of a Kustomization's objects, or none.
    expect(await ground.stored(`/api/v1/namespaces/${team}/configmaps/${name}`)).toBeUndefined();
  });
});

describe("Flux's own bootstrap", () => {
  const root = kustomization("flux-system", "flux-system");
  const apps = kustomization("flux-system", "apps");
  const all = [root, apps];

  test("names no account, and passes: the administrator may impersonate the controller, and the controller is itself", async () => {
    await ground.artifacts.publish(apps.metadata, [configMap("flux-system", "app")]);
    await ground.deployed("admin", root, [...all, configMap("flux-system", "root")]);
    await ground.settled(apps, { status: "True" });
    for (const name of ["root", "app"])
      expect(await ground.store({ resource: "configmaps", name })).toMatchObject({
        sender: kustomizeController,
        actedAs: kustomizeController,
      });
    expect(await ground.store({ resource: "kustomizations", name: "apps" })).toMatchObject({
      sender: kustomizeController,
      decisions: both("self requester"),
    });
  });

  test("stays as it is, over three reconciliations: no account is written, and nothing is applied again", async () => {
    const specs = async () =>
      Promise.all(all.map(async (each) => (await ground.stored(pathOf(each))).metadata.generation));
    const before = await specs();
    const mark = ground.plane.auditMark();
    for (const _ of [1, 2, 3]) for (const each of all) await ground.reconciled("admin", each);
    expect(await specs()).toEqual(before);
    for (const each of all) expect((await ground.stored(pathOf(each))).spec).not.toHaveProperty("serviceAccountName");
    // The annotation of `flux reconcile` is not the controller's.
    expect(ground.stores({ sender: kustomizeController, resource: "kustomizations" }, mark)).toEqual([]);
  });

  test("mends what was changed by hand, as before", async () => {
    await ground.edit("admin", apps, { spec: { interval: "3h" } });
    await ground.reconciled("admin", root);
    expect((await ground.stored(pathOf(apps))).spec.interval).toBe("1h");
  });
});

describe("the end of a Kustomization", () => {
  const object = kustomization(team, "ended", { serviceAccountName: "deployer" });
  const isGone = (path: string) => until(`${path} is gone`, async () => (await ground.stored(path)) === undefined);

  test("what its manifests no longer have is pruned as its account", async () => {
    await ground.deployed("alice", object, [configMap(team, "kept"), configMap(team, "pruned")]);
    await ground.artifacts.publish(object.metadata, [configMap(team, "kept")]);
    await isGone(`/api/v1/namespaces/${team}/configmaps/pruned`);
    expect(await ground.store({ resource: "configmaps", name: "pruned", verb: "delete" })).toMatchObject({
      sender: kustomizeController,
      actedAs: accountOf("deployer"),
    });
  });

  test("its deletion is not judged, what it applied is deleted as its account, and its finalizer goes", async () => {
    expect((await ground.remove("dave", object)).status).toBe(200);
    await isGone(pathOf(object));
    expect(await ground.store({ resource: "configmaps", name: "kept", verb: "delete" })).toMatchObject({
      actedAs: accountOf("deployer"),
    });
  });
});

test("none of the controller's own writes to Kustomizations was refused or even judged", async () => {
  const own = writesSince(ground.plane, 0, { sender: kustomizeController, actedAs: kustomizeController }).filter(
    ({ resource, namespace }) => namespace === team && resource.startsWith("kustomizations"),
  );
  const isFinalizers = ({ resource, event }: Write): boolean =>
    resource === "kustomizations" && event.requestObject?.metadata?.finalizers !== undefined;
  expect(own.filter(isFinalizers).length).toBeGreaterThan(5);
  expect(own.filter(({ resource }) => resource === "kustomizations/status").length).toBeGreaterThan(20);
  // Conflicts and deleted objects are Flux's daily life.
  const isRefused = ({ code }: Write): boolean => code >= 400 && code !== 404 && code !== 409;
  expect(own.filter((write) => isRefused(write) || write.decisions.length > 0)).toEqual([]);
});

describe("while the webhook is down", () => {
  const object = kustomization(team, "outage", { serviceAccountName: "deployer" });
  const unreachable = /^Internal error occurred: failed calling webhook "mutate\.kustomize\.toolkit\.fluxcd\.io\./;

  beforeAll(async () => {
    await ground.deployed("alice", object, [configMap(team, "outage", { version: "1" })]);
    await guard().stop();
  });

  test("creations and edits of the spec are refused", async () => {
    const created = await ground.create("alice", kustomization(team, "late", { serviceAccountName: "deployer" }));
    expect([created.status, created.body.message]).toEqual([500, expect.stringMatching(unreachable)]);
    const edited = await ground.edit("alice", object, { spec: { interval: "2h" } });
    expect([edited.status, edited.body.message]).toEqual([500, expect.stringMatching(unreachable)]);
  });

  test("new manifests are applied, labels pass, and so do reconciliations of Flux itself", async () => {
    await ground.artifacts.publish(object.metadata, [configMap(team, "outage", { version: "2" })]);
    await until(
      "the new manifests are applied",
      async () => (await ground.stored(`/api/v1/namespaces/${team}/configmaps/outage`)).data.version === "2",
    );
    expect((await ground.edit("dave", object, { metadata: { labels: { team: "a" } } })).status).toBe(200);
    const root = kustomization("flux-system", "flux-system");
    await ground.reconciled("admin", root);
    await ground.settled(root, { status: "True" });
  });

  test("a deletion ends, with what it applied", async () => {
    expect((await ground.remove("alice", object)).status).toBe(200);
    await until("it is gone", async () => (await ground.stored(pathOf(object))) === undefined);
    expect(await ground.stored(`/api/v1/namespaces/${team}/configmaps/outage`)).toBeUndefined();
  });

  test("a new Kustomization from Git is refused too, and the Ready condition of the outer one says why", async () => {
    const root = kustomization("flux-system", "flux-system");
    await ground.artifacts.publish(root.metadata, [root, kustomization("flux-system", "late")]);
    const { message } = await ground.settled(root, { status: "False" });
    expect(message).toMatch(
      /^Kustomization\/flux-system\/late dry-run failed \(InternalError\): .*failed calling webhook/,
    );
  });
});
