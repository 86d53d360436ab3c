import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { annotationsOf } from "./world/annotations.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { type ApiObject, created, kinds, pathOf, razee, stored, template } from "./world/objects.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "status";
const children = { "/api/v1/namespaces/kube-system/secrets/token": { "deploy.razee.io/Reconcile": "true" } };

let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const writeStatus = (who: string, object: ApiObject, status: unknown) =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: `${pathOf(object)}/status`,
    body: { status },
    contentType: "application/merge-patch+json",
  });

test.for(kinds)(
  "a stranger may not write status.children of a %s, where the controller deletes objects as another user",
  async (kind) => {
    const object = razee(kind, namespace, "children", { clusterAuth: { impersonateUser: "alice" } });
    await created(plane, plane.user("alice"), object);
    const { status, body } = await writeStatus("stranger", object, { children });
    expect({ status, message: body.message }).toEqual({
      status: 403,
      message:
        `admission webhook "${webhook.names.status}" denied the request: the controller acts on this status as "alice" ` +
        "(spec.clusterAuth.impersonateUser), which stranger may not impersonate; get the permission to impersonate users/alice",
    });
    expect((await stored(plane, object)).status).toBeUndefined();
  },
);

test("the same as kubectl prints it", async () => {
  const object = template(namespace, "printed", "alice");
  await created(plane, plane.user("alice"), object);
  const patch = JSON.stringify({ status: { children } });
  const args = [
    "patch",
    "mustachetemplate",
    "printed",
    "-n",
    namespace,
    "--subresource=status",
    "--type=merge",
    "-p",
    patch,
  ];
  expect(await plane.kubectl(plane.user("stranger"), args)).toEqual({
    stdout: "",
    stderr:
      `Error from server (Forbidden): admission webhook "${webhook.names.status}" denied the request: ` +
      'the controller acts on this status as "alice" (spec.clusterAuth.impersonateUser), which stranger may not impersonate; ' +
      "get the permission to impersonate users/alice\n",
    code: 1,
  });
});

test.for(["razeedeploy-sa", "alice", "admin"])(
  "%s, who may act as the declared identity, may write status.children",
  async (who) => {
    const object = template(namespace, `children-by-${who}`, "alice");
    await created(plane, plane.user("alice"), object);
    expect((await writeStatus(who, object, { children })).status).toBe(200);
    expect((await stored(plane, object)).status).toEqual({ children });
  },
);

test("only the controller may write status.children where the object runs as the controller", async () => {
  const object = template(namespace, "privileged-children", "razeedeploy");
  await created(plane, plane.user("admin"), object);
  expect((await writeStatus("alice", object, { children })).status).toBe(403);
  expect((await writeStatus("razeedeploy-sa", object, { children })).status).toBe(200);
});

test("other parts of the status are not judged", async () => {
  const object = template(namespace, "other-status", "alice");
  await created(plane, plane.user("alice"), object);
  await writeStatus("razeedeploy-sa", object, { children });
  expect((await writeStatus("stranger", object, { conditions: [{ type: "Ready" }] })).status).toBe(200);
  expect((await stored(plane, object)).status).toEqual({ children, conditions: [{ type: "Ready" }] });
});

test.for([
  { what: "removing the children", change: { children: null } },
  { what: "changing one child", change: { children: { "/api/v1/namespaces/default/pods/a": {} } } },
])("$what counts as a change of the children", async ({ what, change }) => {
  const object = template(namespace, what.replaceAll(" ", "-"), "alice");
  await created(plane, plane.user("alice"), object);
  await writeStatus("razeedeploy-sa", object, { children });
  expect((await writeStatus("stranger", object, change)).status).toBe(403);
  expect((await stored(plane, object)).status).toEqual({ children });
});

test.for([
  { what: "an integer", name: "integer", number: "9007199254740992" },
  { what: "a decimal, which CEL compares as equal", name: "decimal", number: "9007199254740992.0" },
])(
  "a number that becomes $what, beyond the precision of a double, counts as a change of the children",
  async ({ name, number }) => {
    const object = template(namespace, `number-${name}`, "alice");
    await created(plane, plane.user("alice"), object);
    const path = `${pathOf(object)}/status`;
    const contentType = "application/merge-patch+json";
    const patch = (who: string, number: string) =>
      plane.api(plane.user(who), {
        method: "PATCH",
        path,
        contentType,
        body: `{"status":{"children":{"a":${number}}}}`,
      });
    expect((await patch("razeedeploy-sa", "9007199254740993")).status).toBe(200);
    expect((await patch("stranger", number)).status).toBe(403);
  },
);

test("a status write that brings a spec along is judged by the stored identity, and stores no spec", async () => {
  const object = template(namespace, "smuggled", "alice");
  await created(plane, plane.user("alice"), object);
  const now = await stored(plane, object);
  const body = { ...now, spec: { clusterAuth: { impersonateUser: "stranger" } }, status: { children } };
  const put = (who: string) => plane.api(plane.user(who), { method: "PUT", path: `${pathOf(object)}/status`, body });
  expect((await put("stranger")).status).toBe(403);
  expect((await put("razeedeploy-sa")).status).toBe(200);
  expect((await stored(plane, object)).spec).toEqual({ clusterAuth: { impersonateUser: "alice" } });
});

test("the audit log records the refusal under the status webhook's name", async () => {
  const object = template(namespace, "recorded", "alice");
  await created(plane, plane.user("alice"), object);
  const mark = plane.auditMark();
  await writeStatus("stranger", object, { children });
  expect(await annotationsOf(plane, webhook, mark, "recorded")).toEqual({
    status: { decision: "denied", reason: "forbidden", requester: "stranger", declared: "alice", effective: "" },
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
