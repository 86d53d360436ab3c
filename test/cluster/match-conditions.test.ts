import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import type { Caller } from "./harness/caller.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { type ApiObject, create, created, identityOf, pathOf, razee, stored, template } from "./world/objects.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "match-conditions";
/** What stands here was there before the webhook. */
const earlier = "before-the-webhook";
const account = (name: string, of = namespace): string => `system:serviceaccount:${of}:${name}`;

/** Every shape that a kind without a schema can bring along, and whether the rule finds fault with it. */
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

/** The calls that an action makes the API server make. */
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

describe("no shape of object makes a condition fail", () => {
  test.for(shapes)("creating: $shape", async ({ shape, spec, code }) => {
    const object = razee("FeatureFlagSetLD", namespace, nameOf(shape), spec);
    const { result, calls } = await counted(() => create(plane, plane.user("bob"), object));
    expect(result.status).toBe(code);
    expect(calls).toEqual({ mutate: 1, validate: code === 201 ? 1 : 0, status: 0 });
    if (code === 201) expect(await identityOf(plane, object)).toBe("bob");
    else expect(result.body.message).toContain(`admission webhook "${webhook.names.mutate}" denied the request`);
  });

  test.for(shapes)(
    "a label on what was there before the webhook spares both calls: $shape",
    async ({ shape, spec }) => {
      const object = razee("FeatureFlagSetLD", earlier, nameOf(shape), spec);
      const { spec: before } = await stored(plane, object);
      const { result, calls } = await counted(() => merge("stranger", object, { metadata: { labels: { team: "a" } } }));
      expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
      expect((await stored(plane, object)).spec).toEqual(before);
    },
  );

  test.for(shapes)(
    "replacing what was there before the webhook by something sound: $shape",
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
    "status.children that is $shape: a write beside it makes $calls calls",
    async ({ shape, children, calls: beside }) => {
      const object = razee("FeatureFlagSetLD", namespace, `children-${nameOf(shape)}`, {});
      await created(plane, plane.user("alice"), object);
      const body = { ...(await stored(plane, object)), status: { children } };
      const put = (who: string) =>
        plane.api(plane.user(who), { method: "PUT", path: `${pathOf(object)}/status`, body });
      expect((await put("stranger")).status).toBe(403);
      const { result, calls } = await counted(() => put("razeedeploy-sa"));
      expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 1 });
      // Another part: nothing changed that the controller acts on, and the call is spared where CEL is sure of that.
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

describe("the mutating call is spared exactly where there is nothing to patch", () => {
  test.for([
    { who: "bob", declared: "bob", why: "it names the requester" },
    { who: "builder", declared: account("builder"), why: "it names the requester, a service account" },
    { who: "alice", declared: "carl", why: "the API server itself says that she may" },
    { who: "dora", declared: "carl", why: "the API server itself says that her group may" },
    { who: "editor", declared: account("deployer"), why: "the API server itself says that an editor may, there" },
    { who: "admin", declared: account("deployer"), why: "the API server itself says that admin may" },
  ])("spared: $who declares $declared, because $why", async ({ who, declared }) => {
    const object = template(namespace, `spared-${who}`, declared);
    const { result, calls } = await counted(() => create(plane, callerOf(who), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 201, mutate: 0, validate: 1, status: 0 });
    expect(await identityOf(plane, object)).toBe(declared);
  });

  const long = `u${"x".repeat(600)}`;
  test.for([
    { name: "nobody", who: "bob", declared: undefined, keeps: "bob", why: "nothing is declared" },
    { name: "forbidden", who: "bob", declared: "carl", keeps: "bob", why: "it is forbidden" },
    { name: "elsewhere", who: "editor", declared: account("a", "b"), keeps: "editor", why: "it is forbidden there" },
    { name: "users-only", who: "alice", declared: account("a"), keeps: "alice", why: "it is no user" },
    { name: "privileged", who: "admin", declared: "razeedeploy", keeps: "razeedeploy", why: "it is privileged" },
    {
      name: "no-account",
      who: "alice",
      declared: "system:serviceaccount:a",
      keeps: "system:serviceaccount:a",
      why: "it only begins like a service account",
    },
    {
      name: "odd-account",
      who: "alice",
      declared: "system:serviceaccount:A_B:c",
      keeps: "system:serviceaccount:A_B:c",
      why: "it cannot be a service account",
    },
    { name: "long", who: "alice", declared: long, keeps: long, why: "it is longer than a condition may afford" },
  ])("made: $name, because $why", async ({ name, who, declared, keeps }) => {
    const object = template(namespace, `made-${name}`, declared);
    const { result, calls } = await counted(() => create(plane, plane.user(who), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    expect(await identityOf(plane, object)).toBe(keeps);
  });

  test("made and refused: a name that would not survive a header, though the requester may impersonate all", async () => {
    const object = template(namespace, "unsafe", "bob\u5c71");
    const { result, calls } = await counted(() => create(plane, plane.user("admin"), object));
    expect({ code: result.status, ...calls }).toEqual({ code: 422, mutate: 1, validate: 0, status: 0 });
  });
});

describe("updates", () => {
  test("both calls are spared where nothing changed that the rule looks at, and made where it did", async () => {
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

  test("a deletion makes no call", async () => {
    const object = template(namespace, "deleted", "alice");
    await created(plane, plane.user("alice"), object);
    const remove = () => plane.api(plane.user("carl"), { method: "DELETE", path: pathOf(object) });
    const { result, calls } = await counted(remove);
    expect({ code: result.status, ...calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });

  test("the conditions can afford an object that is nested nine thousand deep", async () => {
    // Apart from what is looked at in the end, for JSON.stringify goes no deeper than the stack.
    const object = razee("FeatureFlagSetLD", earlier, "deep", {});
    const deep = `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`;
    const body = JSON.stringify(object).replace('"spec":{}', `"spec":{"deep":${deep}}`);
    const path = pathOf(object).replace("/deep", "");
    const made = await counted(() => plane.api(plane.user("bob"), { method: "POST", path, body }));
    expect({ code: made.result.status, ...made.calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    const label = await counted(() => merge("carl", object, { metadata: { labels: { team: "a" } } }));
    expect({ code: label.result.status, ...label.calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });

  test("the conditions can afford an object of a megabyte", async () => {
    const strTemplates = Array.from({ length: 10_000 }, (_, index) => `${index}: ${"x".repeat(100)}`);
    const object = template(namespace, "large", undefined, { strTemplates });
    const made = await counted(() => create(plane, plane.user("bob"), object));
    expect({ code: made.result.status, ...made.calls }).toEqual({ code: 201, mutate: 1, validate: 1, status: 0 });
    const label = await counted(() => merge("carl", object, { metadata: { labels: { team: "a" } } }));
    expect({ code: label.result.status, ...label.calls }).toEqual({ code: 200, mutate: 0, validate: 0, status: 0 });
  });
});

test("no stored object ever carried an identity that its last writer might not use", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
