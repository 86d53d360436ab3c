import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { applied } from "../cluster/world/applied.ts";
import { type Guard, installFunction } from "../cluster/world/install-policy.ts";
import { mayImpersonate } from "../cluster/world/may.ts";
import { type ApiObject, collectionOf, create, created, pathOf, template } from "../cluster/world/objects.ts";
import { inheritedWarning, replacedWarning } from "../cluster/world/sentences.ts";
import { until } from "../cluster/world/until.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { installRazeeResources, startRazee } from "./world/razee.ts";
import type { Controller } from "./world/start-controller.ts";
import { makeTenant } from "./world/tenant.ts";
import { type Write, type WriteFilter, writesSince } from "./world/writes.ts";

const team = "team";
const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";
const deployer = `system:serviceaccount:${team}:deployer`;

let plane: ControlPlane & { readonly stop: () => Promise<void> };
let razee: Controller | undefined;
let guard: Guard | undefined;

/** alice may impersonate finn and deployer, finn may impersonate bob, the others no user. */
const people = ["alice", "bob", "carl", "dave", "finn"];
const mayImpersonateUser = (who: string, user: string) => [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: `impersonates-${user}` },
    rules: [{ apiGroups: [""], resources: ["users"], resourceNames: [user], verbs: ["impersonate"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${who}-impersonates-${user}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `impersonates-${user}` },
    subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: who }],
  },
];

beforeAll(async () => {
  plane = await startControlPlane({ users: [...people, webhookUser].map((name) => ({ name })) });
  await installRazeeResources(plane);
  await makeTenant(plane, {
    namespace: team,
    apiGroups: ["deploy.razee.io"],
    authors: people,
    accounts: ["deployer"],
    mayImpersonate: [{ who: "alice", account: "deployer" }],
  });
  await applied(plane, [...mayImpersonateUser("alice", "finn"), ...mayImpersonateUser("finn", "bob")]);
  await until("finn may impersonate bob", () => mayImpersonate(plane, { username: "finn" }, "bob"));
  await install();
  razee = await startRazee(plane, { enableImpersonation: true, isPatched: true });
});
afterAll(async () => {
  await razee?.stop();
  await guard?.uninstall();
  await plane?.stop();
});

const install = async (): Promise<void> => {
  const collection = collectionOf(template(team, "probe"));
  guard = await installFunction(plane, { name: "razee", targets: [{ preset: "razee" }] }, [
    { who: "alice", collection, object: template(team, "probe", "finn") },
    { who: "alice", collection, object: template(team, "probe", "carl") },
  ]);
};

const restart = async (options: Parameters<typeof startRazee>[1]): Promise<void> => {
  await razee?.stop();
  razee = await startRazee(plane, options);
};

const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: team } });
/** A MustacheTemplate with these children. */
const parent = (name: string, identity: string | undefined, ...children: readonly object[]): ApiObject =>
  template(team, name, identity, { env: [{ name: "x", value: "1" }], templates: children });

/** The writes that were stored; the installer's probes are dry runs. */
const stores = (filter: WriteFilter, from = 0): readonly Write[] =>
  writesSince(plane, from, filter).filter(({ code, event }) => code < 300 && !event.requestURI.includes("dryRun=All"));
const store = (filter: WriteFilter, from?: number): Promise<Write> =>
  until(`the audit log has ${JSON.stringify(filter)}`, async () => stores(filter, from)[0]);
const childOf = (name: string, from?: number): Promise<Write> =>
  store({ resource: "configmaps", name, verb: "create" }, from);
/** The stored object, undefined where there is none. */
const found = async (path: string) => {
  const { status, body } = await plane.api(plane.user("admin"), { path });
  return status === 200 ? body : undefined;
};
const identityOf = async (object: ApiObject): Promise<unknown> =>
  (await found(pathOf(object)))?.spec?.clusterAuth?.impersonateUser;
const edit = (who: string, object: ApiObject, patch: object) =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: pathOf(object),
    contentType: "application/merge-patch+json",
    body: patch,
  });
const gone = (path: string): Promise<boolean> => until(`${path} is gone`, async () => !(await found(path)));
const configMapPath = (name: string): string => `/api/v1/namespaces/${team}/configmaps/${name}`;

describe("the controller, with its patch", () => {
  test.each([
    ["a user that its author may impersonate", "permitted", "alice", "finn", "finn", []],
    ["a service account that its author may impersonate", "account", "alice", deployer, deployer, []],
    ["a forbidden user, which is replaced", "replaced", "alice", "carl", "alice", [replacedWarning("carl", "alice")]],
    ["no user, which is set to its author", "defaulted", "dave", undefined, "dave", []],
    [
      "the controller itself, which is replaced",
      "itself",
      "dave",
      "razeedeploy",
      "dave",
      [replacedWarning("razeedeploy", "dave")],
    ],
  ] as const)("creates the children of an object that names %s", async (_, name, who, declared, identity, warnings) => {
    const object = parent(name, declared, configMap(name));
    expect((await created(plane, plane.user(who), object)).warnings).toEqual(warnings);
    expect(await identityOf(object)).toBe(identity);
    expect(await childOf(name)).toMatchObject({ sender: controller, actedAs: identity });
  });

  test("hands a chain down: each inner object is judged by the identity of the outer one", async () => {
    const fourth = parent("fourth", undefined, configMap("chain"));
    const third = parent("third", "carl", fourth);
    const second = parent("second", "bob", third);
    await created(plane, plane.user("alice"), parent("first", "finn", second));
    expect(await childOf("chain")).toMatchObject({ sender: controller, actedAs: "bob" });
    expect(await identityOf(second)).toBe("bob");
    expect(await identityOf(third)).toBe("bob");
    expect(await identityOf(fourth)).toBe("bob");
    const creators = ["second", "third", "fourth"].map((name) =>
      stores({ resource: "mustachetemplates", name, verb: "create" }).map(({ actedAs, decisions }) => [
        actedAs,
        decisions[0],
      ]),
    );
    expect(creators).toEqual([
      [["finn", "permitted may-impersonate"]],
      [["bob", "replaced forbidden"]],
      [["bob", "defaulted empty"]],
    ]);
  });

  test("applies a stranger's edit as the stranger", async () => {
    const object = parent("edited", "finn", configMap("edited-before"));
    await created(plane, plane.user("alice"), object);
    await childOf("edited-before");
    expect((await edit("dave", object, { metadata: { labels: { team: "a" } } })).warnings).toEqual([]);
    expect(await identityOf(object)).toBe("finn");
    const { warnings } = await edit("dave", object, { spec: { templates: [configMap("edited-after")] } });
    expect(warnings).toEqual([inheritedWarning("finn", "dave")]);
    expect(await childOf("edited-after")).toMatchObject({ sender: controller, actedAs: "dave" });
  });

  test("deletes the children of a deleted object, and theirs, before it lets it go", async () => {
    const inner = parent("inner", "bob", configMap("innermost"));
    const outer = parent("outer", "finn", inner);
    await created(plane, plane.user("alice"), outer);
    await childOf("innermost");
    // The controller deletes the children that the status lists, which is written after them.
    for (const [object, child] of [
      [outer, pathOf(inner)],
      [inner, configMapPath("innermost")],
    ] as const)
      await until("the status lists the child", async () =>
        Object.keys((await found(pathOf(object)))?.status?.children ?? {}).includes(child),
      );
    expect((await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf(outer) })).status).toBe(200);
    await gone(pathOf(outer));
    await gone(pathOf(inner));
    await gone(configMapPath("innermost"));
  });

  test("is refused none of its own writes: finalizers, hashes, and the status", async () => {
    const own = writesSince(plane, 0, { sender: controller }).filter(({ resource }) =>
      resource.startsWith("mustachetemplates"),
    );
    const patched = new Set(own.filter(({ verb }) => verb === "patch").map(({ resource }) => resource));
    expect(patched).toEqual(new Set(["mustachetemplates", "mustachetemplates/status"]));
    // 404: it looks whether a child is there, and patches an object that it has let go. 409: its copy was older.
    expect(own.filter(({ code }) => code >= 300 && code !== 404 && code !== 409)).toEqual([]);
    expect(own.some(({ event }) => event.requestObject?.metadata?.finalizers)).toBe(true);
    expect(own.some(({ event }) => event.requestObject?.metadata?.annotations?.["deploy.razee.io/data-hash"])).toBe(
      true,
    );
    expect(own.some(({ event }) => event.requestObject?.status?.children)).toBe(true);
  });
});

describe("while the function is down", () => {
  const object = parent("outage", "finn", configMap("outage"));

  beforeAll(async () => {
    await created(plane, plane.user("alice"), object);
    await childOf("outage");
    await until("the status lists the child", async () => (await found(pathOf(object)))?.status?.children);
    await guard?.stop();
  });
  test("no object is created or edited, and labels may be", async () => {
    expect((await create(plane, plane.user("alice"), parent("late", "finn"))).status).toBe(500);
    expect((await edit("alice", object, { spec: { templates: [] } })).status).toBe(500);
    expect((await edit("dave", object, { metadata: { annotations: { note: "x" } } })).status).toBe(200);
  });

  test("the children of a deleted object are deleted, and the object waits for the function", async () => {
    await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf(object) });
    await gone(configMapPath("outage"));
    // The status says which children are left, and a change of that is judged.
    expect((await found(pathOf(object)))?.metadata.finalizers).toHaveLength(1);
  });

  test("and goes when the function is back and the controller lists its objects again", async () => {
    await guard?.uninstall();
    await install();
    // Razee's watch lists them every 300 seconds.
    await restart({ enableImpersonation: true, isPatched: true });
    await gone(pathOf(object));
  });
});

describe("with Razee's default, enable-impersonation: false", () => {
  beforeAll(() => restart({ enableImpersonation: false, isPatched: true }));

  test("the guard is void: the controller rewrites each object to its own rights, and it may", async () => {
    const object = parent("void", "finn", configMap("void"));
    await created(plane, plane.user("alice"), object);
    expect(await childOf("void")).toMatchObject({ sender: controller, actedAs: controller });
    expect(await identityOf(object)).toBe("razeedeploy");
    expect(await store({ resource: "mustachetemplates", name: "void", verb: "patch" })).toMatchObject({
      actedAs: controller,
      decisions: ["permitted may-impersonate", "permitted may-impersonate"],
    });
  });
});

describe("the released controller, without the patch, on a disk that is slower than the API server", () => {
  beforeAll(() => restart({ enableImpersonation: true, isPatched: false, isDiskSlow: true }));

  test("creates children with its own rights, whatever the object names: no guard can see that", async () => {
    await created(plane, plane.user("alice"), parent("race", "finn", configMap("race")));
    expect(await childOf("race")).toMatchObject({ sender: controller, actedAs: controller });
  });

  test("is refused an inner object without an identity, which its own account would be written into", async () => {
    const inner = parent("race-inner", undefined);
    await created(plane, plane.user("alice"), parent("race-outer", "finn", inner));
    const tried = await until("the controller has tried to create the inner object", async () =>
      writesSince(plane, 0, { resource: "mustachetemplates", name: "race-inner", verb: "create" }).at(0),
    );
    expect(tried).toMatchObject({
      sender: controller,
      actedAs: controller,
      code: 403,
      decisions: ["denied privileged-requester"],
    });
    expect(await found(pathOf(inner))).toBeUndefined();
  });
});

test("with its patch, the same disk does no harm", async () => {
  await restart({ enableImpersonation: true, isPatched: true, isDiskSlow: true });
  await created(plane, plane.user("alice"), parent("mended", "finn", configMap("mended")));
  expect(await childOf("mended")).toMatchObject({ sender: controller, actedAs: "finn" });
});

test("the page for Razee's users has the patch that is run here", () => {
  const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const [, race = "", mended = ""] =
    /const race = "(.*)";\nconst mended = "(.*)";/.exec(text("razee/controller.cjs")) ?? [];
  expect(text("../../docs/razee.md")).toContain(`-    ${race}\n+    ${mended}`);
});
