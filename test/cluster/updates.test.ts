import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { type ApiObject, collectionOf, created, identityOf, pathOf, razee, stored, template } from "./world/objects.ts";
import { field, inheritedWarning, printed, replacedWarning } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "updates";
let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const merge = (who: string, object: ApiObject, body: unknown) =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: pathOf(object),
    body,
    contentType: "application/merge-patch+json",
  });

test("a label by another user leaves the identity alone", async () => {
  const object = template(namespace, "labelled", "bob");
  await created(plane, plane.user("alice"), object);
  const args = ["label", "mustachetemplate", "labelled", "-n", namespace, "team=a"];
  expect(await plane.kubectl(plane.user("carl"), args)).toEqual({
    stdout: "mustachetemplate.deploy.razee.io/labelled labeled\n",
    stderr: "",
    code: 0,
  });
  expect(await identityOf(plane, object)).toBe("bob");
});

test("another user removes a finalizer while the object is being deleted", async () => {
  const plain = template(namespace, "finalized", "bob");
  const object = { ...plain, metadata: { ...plain.metadata, finalizers: ["example.com/clean-up"] } };
  await created(plane, plane.user("alice"), object);
  await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf(object) });
  expect((await stored(plane, object)).metadata.deletionTimestamp).toBeDefined();

  const { status, warnings } = await merge("stranger", object, { metadata: { finalizers: null } });
  expect({ status, warnings }).toEqual({ status: 200, warnings: [] });
  expect((await plane.api(plane.user("admin"), { path: pathOf(object) })).status).toBe(404);
});

test("a user who edits an object that runs as alice becomes its identity, with a warning", async () => {
  const object = template(namespace, "hijacked", "alice", { strTemplates: ["a: 1"] });
  await created(plane, plane.user("alice"), object);
  const patch = JSON.stringify({ spec: { strTemplates: ["a: 2"] } });
  const args = ["patch", "mustachetemplate", "hijacked", "-n", namespace, "--type", "merge", "-p", patch];
  expect(await plane.kubectl(plane.user("bob"), args)).toEqual({
    stdout: "mustachetemplate.deploy.razee.io/hijacked patched\n",
    stderr: printed(inheritedWarning("alice", "bob")),
    code: 0,
  });
  const { spec } = await stored(plane, object);
  expect(spec).toEqual({ clusterAuth: { impersonateUser: "bob" }, strTemplates: ["a: 2"] });
});

test("an editor who may impersonate the identity leaves it there", async () => {
  const object = template(namespace, "co-edited", "bob", { strTemplates: ["a: 1"] });
  await created(plane, plane.user("alice"), object);
  const { status, warnings } = await merge("finn", object, { spec: { strTemplates: ["a: 2"] } });
  expect({ status, warnings }).toEqual({ status: 200, warnings: [] });
  expect(await identityOf(plane, object)).toBe("bob");
});

test("another identity on update is judged as on creation", async () => {
  const object = template(namespace, "renamed", "bob");
  await created(plane, plane.user("bob"), object);
  const { status, warnings } = await merge("bob", object, { spec: { clusterAuth: { impersonateUser: "carl" } } });
  expect({ status, warnings }).toEqual({
    status: 200,
    warnings: [replacedWarning("carl", "bob")],
  });
  expect(await identityOf(plane, object)).toBe("bob");
});

test("an edit that removes the identity sets it to the editor", async () => {
  const object = template(namespace, "emptied", "alice");
  await created(plane, plane.user("alice"), object);
  expect((await merge("bob", object, { spec: { clusterAuth: null } })).status).toBe(200);
  expect(await identityOf(plane, object)).toBe("bob");
});

test("an object that is replaced by an equal one keeps its identity, for every user", async () => {
  const object = template(namespace, "put-back", "alice", { strTemplates: ["a: 1"] });
  await created(plane, plane.user("alice"), object);
  const before = await stored(plane, object);
  const answer = await plane.api(plane.user("carl"), { method: "PUT", path: pathOf(object), body: before });
  expect({ status: answer.status, warnings: answer.warnings }).toEqual({ status: 200, warnings: [] });
  expect(await stored(plane, object)).toEqual(before);
});

/** Creates an object whose spec is JSON text, for numbers that no JavaScript value can hold. */
const createFlags = async (who: string, name: string, spec: string) => {
  const object = razee("FeatureFlagSetLD", namespace, name, {});
  const body = JSON.stringify(object).replace('"spec":{}', `"spec":${spec}`);
  const { status, text } = await plane.api(plane.user(who), { method: "POST", path: collectionOf(object), body });
  expect(status).toBe(201);
  return { object, text };
};
const alicesNumber = '{"clusterAuth":{"impersonateUser":"alice"},"limit":9007199254740993}';

test.for(["9007199254740992", "9007199254740994"])(
  "changing the number 9007199254740993 to %s counts as a change",
  async (to) => {
    const { object } = await createFlags("alice", `number-${to}`, alicesNumber);
    const { status, warnings, text } = await merge("bob", object, `{"spec":{"limit":${to}}}`);
    expect({ status, warnings }).toEqual({ status: 200, warnings: [inheritedWarning("alice", "bob")] });
    expect(text).toContain(`"limit":${to}`);
    expect(await identityOf(plane, object)).toBe("bob");
  },
);

test("a change of a big integer to a decimal, which CEL compares as equal, is refused by the validating call", async () => {
  const { object } = await createFlags("alice", "decimal", alicesNumber);
  const { status, body } = await merge("bob", object, '{"spec":{"limit":9007199254740992.0}}');
  expect(status).toBe(403);
  expect(body.message).toContain(
    `admission webhook "${webhook.names.validate}" denied the request: ${field} still names "alice"`,
  );
  const { text } = await plane.api(plane.user("admin"), { path: pathOf(object) });
  expect(text).toContain('"limit":9007199254740993');
});

test("a label leaves an object with such a number alone", async () => {
  const { object } = await createFlags("alice", "labelled-number", alicesNumber);
  const { status, warnings, text } = await merge("bob", object, { metadata: { labels: { team: "a" } } });
  expect({ status, warnings }).toEqual({ status: 200, warnings: [] });
  expect(text).toContain('"limit":9007199254740993');
  expect(await identityOf(plane, object)).toBe("alice");
});

test("writing the field keeps such a number exact", async () => {
  const { object, text } = await createFlags("bob", "kept-number", '{"limit":9007199254740993}');
  expect(text).toContain('"limit":9007199254740993');
  expect(await identityOf(plane, object)).toBe("bob");
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
