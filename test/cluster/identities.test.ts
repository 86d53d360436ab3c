import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import type { Caller } from "./harness/caller.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { create, identityOf, kinds, razee, template } from "./world/objects.ts";
import { field, groupsWarning, printed, replacedWarning } from "./world/sentences.ts";
import { razeeController } from "./world/users.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "identities";
const account = (name: string, elsewhere = namespace): string => `system:serviceaccount:${elsewhere}:${name}`;

let webhook: InstalledWebhook;
let builder: Caller;

beforeAll(async () => {
  await Promise.all([makeNamespace(plane, namespace), makeNamespace(plane, "elsewhere")]);
  builder = await serviceAccount(plane, namespace, "builder");
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const callerOf = (who: string): Caller => (who === "builder" ? builder : plane.user(who));

let count = 0;
/** Creates a MustacheTemplate with kubectl and returns the result. */
const kubectlCreate = async (who: string, declared: unknown) => {
  const object = template(namespace, `row-${count++}`, declared);
  const { stdout, stderr, code } = await plane.kubectl(callerOf(who), ["create", "-f", "-"], { stdin: object });
  const created = stdout === `mustachetemplate.deploy.razee.io/${object.metadata.name} created\n`;
  return code === 0 && created
    ? { stored: await identityOf(plane, object), stderr }
    : { stored: undefined, stderr: stderr.replace(object.metadata.name, "NAME") };
};

describe("another identity", () => {
  test.for([
    { who: "alice", declared: "bob", by: "a grant to her name" },
    { who: "dora", declared: "bob", by: "a grant to her group" },
    { who: "finn", declared: "bob", by: "a grant with resourceNames for exactly this name" },
    { who: "admin", declared: "bob", by: "being in system:masters" },
    { who: "razeedeploy-sa", declared: "bob", by: "a ClusterRole with * on *" },
    {
      who: "alice",
      declared: "system:serviceaccount:a:b:c",
      by: "a grant over users, because this name is not a service account's",
    },
  ])("$who may impersonate $declared by $by: the field stays", async ({ who, declared }) => {
    expect(await kubectlCreate(who, declared)).toEqual({ stored: declared, stderr: "" });
  });

  test.for([
    { who: "bob", declared: "carl", by: "nothing" },
    { who: "finn", declared: "carl", by: "a grant with resourceNames for another name" },
    { who: "finn", declared: "BOB", by: "a grant for a name that differs in case" },
    {
      who: "nsadmin",
      declared: "bob",
      by: "a RoleBinding to cluster-admin in the namespace, because users are cluster-scoped",
    },
  ])(
    "$who may not impersonate $declared by $by: it is replaced by the requester, with a warning",
    async ({ who, declared }) => {
      expect(await kubectlCreate(who, declared)).toEqual({
        stored: who,
        stderr: printed(replacedWarning(declared, who)),
      });
    },
  );

  test("a requester with groups is warned that a controller that acts by name has none of them", async () => {
    expect(await kubectlCreate("gina", "carl")).toEqual({
      stored: "gina",
      stderr: printed(replacedWarning("carl", "gina"), groupsWarning("gina")),
    });
  });
});

describe("no identity", () => {
  test.for([
    { declared: undefined, what: "absent" },
    { declared: null, what: "null" },
    { declared: "", what: "an empty string" },
  ])("a field that is $what becomes the requester", async ({ declared }) => {
    expect(await kubectlCreate("bob", declared)).toEqual({ stored: "bob", stderr: "" });
  });

  test.for(["alice", "finn", "nsadmin"])("an empty field becomes %s, who may impersonate other users", async (who) => {
    expect(await kubectlCreate(who, undefined)).toEqual({ stored: who, stderr: "" });
  });

  test.for(["dora", "admin"])("%s has groups and is warned that the controller acts without them", async (who) => {
    expect(await kubectlCreate(who, undefined)).toEqual({ stored: who, stderr: printed(groupsWarning(who)) });
  });

  test.for(kinds)("a %s is guarded", async (kind) => {
    const object = razee(kind, namespace, "guarded", {});
    expect((await create(plane, plane.user("bob"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe("bob");
  });

  test.for(["RemoteResourceS3", "FeatureFlagSetLD"])("a %s in an older version is guarded", async (kind) => {
    const object = { ...razee(kind, namespace, "older", {}), apiVersion: "deploy.razee.io/v1alpha1" };
    expect((await create(plane, plane.user("bob"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe("bob");
  });

  test.for([
    { spec: undefined, what: "no spec" },
    { spec: null, what: "a null spec" },
    { spec: { clusterAuth: null }, what: "a null clusterAuth" },
    { spec: { clusterAuth: { impersonateUser: null } }, what: "a null field" },
  ])("missing parents are created: $what, in a kind without a schema that drops nulls", async ({ spec, what }) => {
    const object = razee("FeatureFlagSetLD", namespace, what.replaceAll(" ", "-").toLowerCase(), spec);
    expect((await create(plane, plane.user("bob"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe("bob");
  });
});

describe("the requester's own identity", () => {
  test.for(["alice", "bob", "dora", "admin", "nsadmin"])("%s may always name themself", async (who) => {
    expect(await kubectlCreate(who, who)).toEqual({ stored: who, stderr: "" });
  });
});

describe("service accounts", () => {
  test("an editor of a namespace may name its service accounts, by a RoleBinding in the namespace", async () => {
    const declared = account("deployer");
    expect(await kubectlCreate("editor", declared)).toEqual({ stored: declared, stderr: "" });
  });

  test("an editor of a namespace may not name another namespace's service accounts", async () => {
    const declared = account("deployer", "not-theirs");
    expect(await kubectlCreate("editor", declared)).toEqual({
      stored: "editor",
      stderr: printed(replacedWarning(declared, "editor")),
    });
  });

  test("a grant to impersonate every user does not cover service accounts", async () => {
    const declared = account("deployer");
    expect(await kubectlCreate("alice", declared)).toEqual({
      stored: "alice",
      stderr: printed(replacedWarning(declared, "alice")),
    });
  });

  test("a service account that declares nothing becomes the identity, without a warning about groups", async () => {
    expect(await kubectlCreate("builder", undefined)).toEqual({ stored: account("builder"), stderr: "" });
  });

  test("a service account may name itself", async () => {
    expect(await kubectlCreate("builder", account("builder"))).toEqual({ stored: account("builder"), stderr: "" });
  });

  test.for(["bob", account("deployer")])("a service account may not name %s", async (declared) => {
    const stderr = printed(replacedWarning(declared, account("builder")));
    expect(await kubectlCreate("builder", declared)).toEqual({ stored: account("builder"), stderr });
  });
});

describe("values that stand for the controller itself", () => {
  const wayOut =
    'set it to "razeedeploy" if the object is meant to run as the controller, or to the identity that it should run as';

  test.for([
    { who: "stranger", declared: "razeedeploy", may: "no identity" },
    { who: "stranger", declared: "false", may: "no identity" },
    { who: "alice", declared: "razeedeploy", may: "every user, but not the controller's service account" },
    { who: "nsadmin", declared: "razeedeploy", may: "everything in the namespace" },
  ])("$who, who may impersonate $may, cannot declare $declared", async ({ who, declared }) => {
    expect(await kubectlCreate(who, declared)).toEqual({
      stored: who,
      stderr: printed(replacedWarning(declared, who)),
    });
  });

  test.for([
    { who: "admin", declared: "razeedeploy" },
    { who: "admin", declared: "false" },
    { who: "razeedeploy-sa", declared: "razeedeploy" },
    { who: "razeedeploy-sa", declared: "false" },
  ])("$who may declare $declared", async ({ who, declared }) => {
    expect(await kubectlCreate(who, declared)).toEqual({ stored: declared, stderr: "" });
  });

  test.for([undefined, "razeedeploy", "carl"])(
    "a user with the name razeedeploy who declares %s is refused",
    async (declared) => {
      const { stored, stderr } = await kubectlCreate("razeedeploy", declared);
      expect(stored).toBeUndefined();
      expect(stderr).toBe(
        `Error from server (Forbidden): error when creating "STDIN": admission webhook "${webhook.names.mutate}" denied the request: ` +
          `${field} would be set to "razeedeploy", which the controller treats as all-powerful; ${wayOut}\n`,
      );
    },
  );

  test.for(kinds)("the controller's own account is never written into a %s with an empty field", async (kind) => {
    const object = razee(kind, namespace, `childs-${kind.toLowerCase()}`, {});
    const { status, body } = await create(plane, plane.user("razeedeploy-sa"), object);
    expect({ status, message: body.message }).toEqual({
      status: 403,
      message:
        `admission webhook "${webhook.names.mutate}" denied the request: ` +
        `${field} would be set to "${razeeController}", which the controller treats as all-powerful; ${wayOut}`,
    });
  });

  test("the controller's own account may be named by itself and by users who may impersonate it", async () => {
    for (const who of ["razeedeploy-sa", "admin"])
      expect(await kubectlCreate(who, razeeController)).toEqual({ stored: razeeController, stderr: "" });
    expect(await kubectlCreate("alice", razeeController)).toEqual({
      stored: "alice",
      stderr: printed(replacedWarning(razeeController, "alice")),
    });
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
