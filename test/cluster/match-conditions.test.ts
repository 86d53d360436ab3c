import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import type { Caller } from "./harness/caller.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { type ApiObject, create, created, identityOf, pathOf, razee, stored, template } from "./world/objects.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "match-conditions";
/** The objects of this namespace are older than the webhook. */
const earlier = "before-the-webhook";
const account = (name: string, of = namespace): string => `system:serviceaccount:${of}:${name}`;

/** Every shape of object that a kind without a schema allows, and whether the rule refuses it. */
const shapes: readonly { readonly shape: string; readonly spec: unknown; readonly code: 201 | 422 }[] = [
  { shape: "no spec", spec: undefined, code: 201 },
  { shape: "spec null", spec: null, code: 201 },
  { shape: "spec a string", spec: "s", code: 422 },
  { shape: "spec a number", spec: 5, code: 422 },
  { shape: "spec a boolean", spec: true, code: 422 },
  { shape: "spec a list", spec: ["clusterAuth"], code: 422 },
  { shape: "spec empty", spec: {}, code: 201 },
  { shape: "clusterAuth null", spec: { clusterAuth: null }, code: 201 },
  { shape: "clusterAuth a string", spec: { clusterAuth: "impersonateUser" }, code: 422 },
  { shape: "clusterAuth a number", spec: { clusterAuth: 1.5 }, code: 422 },
  { shape: "clusterAuth a list", spec: { clusterAuth: [{ impersonateUser: "bob" }] }, code: 422 },
  { shape: "clusterAuth empty", spec: { clusterAuth: {} }, code: 201 },
  { shape: "impersonateUser null", spec: { clusterAuth: { impersonateUser: null } }, code: 201 },
  { shape: "impersonateUser empty", spec: { clusterAuth: { impersonateUser: "" } }, code: 201 },
  { shape: "impersonateUser a number", spec: { clusterAuth: { impersonateUser: 5 } }, code: 422 },
  { shape: "impersonateUser a boolean", spec: { clusterAuth: { impersonateUser: false } }, code: 422 },
  { shape: "impersonateUser a list", spec: { clusterAuth: { impersonateUser: ["bob"] } }, code: 422 },
  { shape: "impersonateUser an object", spec: { clusterAuth: { impersonateUser: { name: "bob" } } }, code: 422 },
];
const nameOf = (shape: string): string => shape.replaceAll(" ", "-").toLowerCase();

let webhook: InstalledWebhook;
let builder: Caller;

beforeAll(async () => {
  await Promise.all([makeNamespace(plane, namespace), makeNamespace(plane, earlier)]);
  builder = await serviceAccount(plane, namespace, "builder");
  for (const { shape, spec } of shapes) {
    const object = razee("FeatureFlagSetLD", earlier, nameOf(shape), spec);
    await created(plane, plane.user("admin"), object);
  }
  webhook = await installWebhook(plane, { counting: true });
});
afterAll(() => webhook?.uninstall());

const callerOf = (who: string): Caller => (who === "builder" ? builder : plane.user(who));

/** The webhook calls that the API server makes because of an action. */
const counted = async <T>(action: () => Promise<T>) => {
  const before = webhook.calls().length;
  const result = await action();
  const calls = webhook.calls().slice(before);
  const count = (endpoint: string, subResource?: string) =>
    calls.filter((call) => call.endpoint === endpoint && call.request.subResource === subResource).length;
  return {
    result,
    calls: { mutate: count("mutate"), validate: count("validate"), status: count("validate", "status") },
  };
};

const merge = (who: string, object: ApiObject, body: unknown, subresource = "") =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: `${pathOf(object)}${subresource}`,
    body,
    contentType: "application/merge-patch+json",
  });

describe("no match condition fails on any shape of object", () => {
  test.for(shapes)("creating: $shape", async ({ shape, spec, code }) => {
    const object = razee("FeatureFlagSetLD", namespace, nameOf(shape), spec);
    const { result, calls } = await counted(() => create(plane, plane.user("bob"), object));
    expect(result.status).toBe(code);
    expect(calls).toEqual({ mutate: 1, validate: code === 201 ? 1 : 0, status: 0 });
    if (code === 201) expect(await identityOf(plane, object)).toBe("bob");
    else expect(result.body.message).toContain(`admission webhook "${webhook.names.mutate}" denied the request`);
  });

  test.for(shapes)(
    "a label on an object that is older than the webhook spares both calls: $shape",
    async ({ shape, spec }) => {
      const object = razee("FeatureFlagSetLD", earlier, nameOf(shape), spec);
      const { spec: before } = await stored(plane, object);
      const { result, calls } = await counted(() => merge("stranger", object, { metadata: { labels: { team: "a" } } }));
      expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
      expect((await stored(plane, object)).spec).toEqual(before);
    },
  );

  test.for(shapes)(
    "replacing an object that is older than the webhook by a valid one: $shape",
    async ({ shape, spec }) => {
      const object = razee("FeatureFlagSetLD", earlier, nameOf(shape), spec);
      const { metadata } = await stored(plane, object);
      const body = { ...object, metadata, spec: { flags: true } };
      const put = () => plane.api(plane.user("bob"), { method: "PUT", path: pathOf(object), body });
      const { result, calls } = await counted(put);
      expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 1, validate: 1, status: 0 });
      expect(await identityOf(plane, object)).toBe("bob");
    },
  );

  test.for([
    { shape: "a map", children: { a: { b: "c" } }, calls: 0 },
    { shape: "a string", children: "a", calls: 0 },
    { shape: "a map with a number in it", children: { a: { b: 1 } }, calls: 1 },
    { shape: "a list", children: ["a"], calls: 1 },
    { shape: "a number", children: 5, calls: 1 },
    { shape: "null", children: null, calls: 1 },
  ])(
    "status.children that is $shape: a write of another part makes $calls calls",
    async ({ shape, children, calls: beside }) => {
      const object = razee("FeatureFlagSetLD", namespace, `children-${nameOf(shape)}`, {});
      await created(plane, plane.user("alice"), object);
      const body = { ...(await stored(plane, object)), status: { children } };
      const put = (who: string) =>
        plane.api(plane.user(who), { method: "PUT", path: `${pathOf(object)}/status`, body });
      expect((await put("stranger")).status).toBe(403);
      const { result, calls } = await counted(() => put("razeedeploy-sa"));
      expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 1 });
      // The controller does not act on the changed part. CEL spares the call where it can tell.
      const again = await counted(() => merge("stranger", object, { status: { phase: "ready" } }, "/status"));
      expect({ code: again.result.status, ...again.calls }).toEqual({
        code: 200,
        mutate: 0,
        validate: 0,
        status: beside,
      });
    },
  );
});

describe("the mutating call is spared exactly where no patch is needed", () => {
  test.for([
    { who: "bob", declared: "bob", why: "it names the requester" },
    { who: "builder", declared: account("builder"), why: "it names the requester, a service account" },
    { who: "alice", declared: "carl", why: "the condition's authorizer check allows it" },
    { who: "dora", declared: "carl", why: "the condition's authorizer check allows it for her group" },
    {
      who: "editor",
      declared: account("deployer"),
      why: "the condition's authorizer check allows it to an editor of the namespace",
    },
    { who: "admin", declared: account("deployer"), why: "the condition's authorizer check allows it to admin" },
  ])("spared: $who declares $declared, because $why", async ({ who, declared }) => {
    const object = template(namespace, `spared-${who}`, declared);
    const { result, calls } = await counted(() => create(plane, callerOf(who), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 201, mutate: 0, validate: 1, status: 0 });
    expect(await identityOf(plane, object)).toBe(declared);
  });

  const long = `u${"x".repeat(600)}`;
  test.for([
    { name: "empty", who: "bob", declared: undefined, keeps: "bob", why: "nothing is declared" },
    { name: "forbidden", who: "bob", declared: "carl", keeps: "bob", why: "it is forbidden" },
    {
      name: "elsewhere",
      who: "editor",
      declared: account("a", "b"),
      keeps: "editor",
      why: "it is forbidden in that namespace",
    },
    {
      name: "users-only",
      who: "alice",
      declared: account("a"),
      keeps: "alice",
      why: "it is a service account, not a user",
    },
    { name: "privileged", who: "admin", declared: "razeedeploy", keeps: "razeedeploy", why: "it is privileged" },
    {
      name: "no-account",
      who: "alice",
      declared: "system:serviceaccount:a",
      keeps: "system:serviceaccount:a",
      why: "only its prefix is that of a service account",
    },
    {
      name: "odd-account",
      who: "alice",
      declared: "system:serviceaccount:A_B:c",
      keeps: "system:serviceaccount:A_B:c",
      why: "it is not a valid service account name",
    },
    {
      name: "long",
      who: "alice",
      declared: long,
      keeps: long,
      why: "it is longer than the cost limit of a condition allows",
    },
  ])("made: $name, because $why", async ({ name, who, declared, keeps }) => {
    const object = template(namespace, `made-${name}`, declared);
    const { result, calls } = await counted(() => create(plane, plane.user(who), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    expect(await identityOf(plane, object)).toBe(keeps);
  });

  test("made and refused: a name that an HTTP header cannot carry, though the requester may impersonate every identity", async () => {
    const object = template(namespace, "unsafe", "bob\u5c71");
    const { result, calls } = await counted(() => create(plane, plane.user("admin"), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 422, mutate: 1, validate: 0, status: 0 });
  });
});

describe("updates", () => {
  test("both calls are spared where nothing that the rule reads changed, and made where it did", async () => {
    const object = template(namespace, "updated", "alice", { strTemplates: ["a: 1"] });
    await created(plane, plane.user("alice"), object);
    const none = { mutate: 0, validate: 0, status: 0 };

    const label = await counted(() => merge("carl", object, { metadata: { labels: { team: "a" } } }));
    expect({ code: label.result.status, ...label.calls }).toEqual({ code: 200, ...none });

    const same = await stored(plane, object);
    const put = await counted(() => plane.api(plane.user("carl"), { method: "PUT", path: pathOf(object), body: same }));
    expect({ code: put.result.status, ...put.calls }).toEqual({ code: 200, ...none });

    const own = await counted(() => merge("alice", object, { spec: { strTemplates: ["a: 2"] } }));
    expect({ code: own.result.status, ...own.calls }).toEqual({ code: 200, mutate: 0, validate: 1, status: 0 });

    const hijack = await counted(() => merge("bob", object, { spec: { strTemplates: ["a: 3"] } }));
    expect({ code: hijack.result.status, ...hijack.calls }).toEqual({ code: 200, mutate: 1, validate: 1, status: 0 });
  });

  test("a deletion causes no call", async () => {
    const object = template(namespace, "deleted", "alice");
    await created(plane, plane.user("alice"), object);
    const remove = () => plane.api(plane.user("carl"), { method: "DELETE", path: pathOf(object) });
    const { result, calls } = await counted(remove);
    expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });

  test("the conditions stay within their cost limit on an object that is nested nine thousand levels deep", async () => {
    // In a namespace that the invariant does not read, because JSON.stringify would overflow the stack.
    const object = razee("FeatureFlagSetLD", earlier, "deep", {});
    const deep = `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`;
    const body = JSON.stringify(object).replace('"spec":{}', `"spec":{"deep":${deep}}`);
    const path = pathOf(object).replace("/deep", "");
    const made = await counted(() => plane.api(plane.user("bob"), { method: "POST", path, body }));
    expect({ code: made.result.status, ...made.calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    const label = await counted(() => merge("carl", object, { metadata: { labels: { team: "a" } } }));
    expect({ code: label.result.status, ...label.calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });

  test("the conditions stay within their cost limit on an object of a megabyte", async () => {
    const strTemplates = Array.from({ length: 10_000 }, (_, index) => `${index}: ${"x".repeat(100)}`);
    const object = template(namespace, "large", undefined, { strTemplates });
    const made = await counted(() => create(plane, plane.user("bob"), object));
    expect({ code: made.result.status, ...made.calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    const label = await counted(() => merge("carl", object, { metadata: { labels: { team: "a" } } }));
    expect({ code: label.result.status, ...label.calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
