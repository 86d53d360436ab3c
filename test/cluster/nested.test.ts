import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { actingAs } from "./harness/caller.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { created, identityOf, razee } from "./world/objects.ts";
import { replacedWarning } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "nested";

let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const remote = (name: string, impersonateUser?: string) =>
  razee("RemoteResource", namespace, name, impersonateUser ? { clusterAuth: { impersonateUser } } : {});

/** Plays Razee's controller: creates the inner object as the identity that the outer object names. */
const controllerCreates = async (outer: ReturnType<typeof remote>, inner: ReturnType<typeof remote>) => {
  const identity = String(await identityOf(plane, outer));
  return created(plane, actingAs(plane.user("razeedeploy-sa"), identity), inner);
};

test("an object in a chain may name only what its own identity may: alice names finn, finn names bob, bob names no other user", async () => {
  const [first, second, third, fourth] = [
    remote("first", "finn"),
    remote("second", "bob"),
    remote("third", "alice"),
    remote("fourth"),
  ];
  await created(plane, plane.user("alice"), first);
  expect(await identityOf(plane, first)).toBe("finn");

  expect((await controllerCreates(first, second)).warnings).toEqual([]);
  expect(await identityOf(plane, second)).toBe("bob");

  expect((await controllerCreates(second, third)).warnings).toEqual([replacedWarning("alice", "bob")]);
  expect(await identityOf(plane, third)).toBe("bob");

  expect((await controllerCreates(third, fourth)).warnings).toEqual([]);
  expect(await identityOf(plane, fourth)).toBe("bob");
});

test("permissions of a group are not passed on with the username", async () => {
  const [outer, inner] = [remote("outer", "dora"), remote("inner", "bob")];
  await created(plane, plane.user("alice"), outer);
  await controllerCreates(outer, inner);
  expect(await identityOf(plane, inner)).toBe("dora");
});

test("a service account in the chain is judged as that service account", async () => {
  const account = `system:serviceaccount:${namespace}:deployer`;
  const [outer, inner] = [remote("account-outer", account), remote("account-inner")];
  await created(plane, plane.user("editor"), outer);
  expect((await controllerCreates(outer, inner)).warnings).toEqual([]);
  expect(await identityOf(plane, inner)).toBe(account);
});

test("the controller's own status writes leave every identity alone", async () => {
  const object = remote("bookkeeping", "alice");
  await created(plane, plane.user("alice"), object);
  const { code } = await plane.kubectl(plane.user("razeedeploy-sa"), [
    ...["annotate", "remoteresource", "bookkeeping", "-n", namespace, "deploy.razee.io/data-hash=1"],
  ]);
  expect(code).toBe(0);
  expect(await identityOf(plane, object)).toBe("alice");
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
