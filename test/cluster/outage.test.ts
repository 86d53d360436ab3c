import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { create, created, identityOf, pathOf, template } from "./world/objects.ts";
import { until } from "./world/until.ts";
import { webhookUser } from "./world/users.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "outage";

let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const merge = (who: string, name: string, body: unknown) =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: pathOf(template(namespace, name)),
    body,
    contentType: "application/merge-patch+json",
  });

describe("while the webhook is down", () => {
  beforeAll(async () => {
    const plain = template(namespace, "there-before", "alice");
    const finalizers = ["example.com/clean-up"];
    await created(plane, plane.user("alice"), { ...plain, metadata: { ...plain.metadata, finalizers } });
    await webhook.stop();
  });
  afterAll(() => webhook.restart());

  test("no object is created, and kubectl names the webhook that failed", async () => {
    const { stdout, stderr, code } = await plane.kubectl(plane.user("bob"), ["create", "-f", "-"], {
      stdin: template(namespace, "while-down", "carl"),
    });
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toMatch(
      new RegExp(
        '^Error from server \\(InternalError\\): error when creating "STDIN": Internal error occurred: ' +
          `failed calling webhook "${webhook.names.mutate}": failed to call webhook: Post "https://localhost:\\d+/mutate\\?timeout=5s": ` +
          "dial tcp (?:127\\.0\\.0\\.1|\\[::1\\]):\\d+: connect: connection refused\n$",
      ),
    );
  });

  test.for([
    { who: "bob", declared: "bob", why: "names the requester" },
    { who: "admin", declared: "bob", why: "is permitted" },
  ])(
    "an object whose identity $why is refused, too, although its mutating call is spared",
    async ({ who, declared }) => {
      const { status, body } = await create(plane, plane.user(who), template(namespace, "while-down", declared));
      expect(status).toBe(500);
      expect(body.message).toContain(`failed calling webhook "${webhook.names.validate}"`);
    },
  );

  test("a spec is not changed", async () => {
    expect((await merge("bob", "there-before", { spec: { strTemplates: ["a: 1"] } })).status).toBe(500);
    expect((await merge("alice", "there-before", { spec: { strTemplates: ["a: 1"] } })).status).toBe(500);
  });

  test("labels, finalizers and deletion still work, because the API server makes no call for them", async () => {
    expect((await merge("carl", "there-before", { metadata: { labels: { team: "a" } } })).status).toBe(200);
    const path = pathOf(template(namespace, "there-before"));
    expect((await plane.api(plane.user("carl"), { method: "DELETE", path })).status).toBe(200);
    expect((await merge("stranger", "there-before", { metadata: { finalizers: null } })).status).toBe(200);
    expect((await plane.api(plane.user("admin"), { path })).status).toBe(404);
  });
});

test("when the webhook is back, everything works again", async () => {
  const object = template(namespace, "back-again");
  await until(
    "the API server reaches the webhook",
    async () => (await create(plane, plane.user("bob"), object)).status === 201,
  );
  expect(await identityOf(plane, object)).toBe("bob");
});

describe("while the webhook may not create SubjectAccessReviews", () => {
  const binding = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${webhookUser}`;
  const mayAsk = async (): Promise<boolean> => {
    const { status } = await plane.api(plane.user(webhookUser), {
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      body: { spec: { user: "bob", resourceAttributes: { verb: "get", resource: "pods" } } },
    });
    return status === 201;
  };
  let saved: { readonly [key: string]: unknown };

  beforeAll(async () => {
    const admin = plane.user("admin");
    const { body } = await plane.api(admin, { path: binding });
    const { apiVersion, kind, metadata, roleRef, subjects } = body;
    saved = { apiVersion, kind, metadata: { name: metadata.name }, roleRef, subjects };
    await plane.api(admin, { method: "DELETE", path: binding });
    await until("the webhook may not ask", async () => !(await mayAsk()));
  });
  afterAll(async () => {
    const path = binding.slice(0, binding.lastIndexOf("/"));
    await plane.api(plane.user("admin"), { method: "POST", path, body: saved });
    await until("the webhook may ask", mayAsk);
  });

  test("an identity that must be asked about is refused, never guessed", async () => {
    const { stdout, stderr, code } = await plane.kubectl(plane.user("bob"), ["create", "-f", "-"], {
      stdin: template(namespace, "cannot-ask", "carl"),
    });
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toBe(
      `Error from server: error when creating "STDIN": admission webhook "${webhook.names.mutate}" denied the request: ` +
        'whether bob may impersonate users/carl could not be found out: the identity of context "cluster" ' +
        "may not create subjectaccessreviews: subjectaccessreviews.authorization.k8s.io is forbidden: " +
        `User "${webhookUser}" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope\n`,
    );
  });

  test("objects that need no question still work: an empty field, and the requester's own name", async () => {
    expect((await create(plane, plane.user("bob"), template(namespace, "asks-nothing"))).status).toBe(201);
    expect((await create(plane, plane.user("bob"), template(namespace, "asks-nothing-either", "bob"))).status).toBe(
      201,
    );
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
