import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import type { Caller } from "./harness/caller.ts";
import { annotationsOf } from "./world/annotations.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { type ApiObject, create, created, pathOf, template } from "./world/objects.ts";
import { questionsSince } from "./world/questions.ts";
import { razeeController } from "./world/users.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "audit-log";

let webhook: InstalledWebhook;
let builder: Caller;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  builder = await serviceAccount(plane, namespace, "builder");
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const annotated = async (caller: Caller, object: ApiObject) => {
  const mark = plane.auditMark();
  await create(plane, caller, object);
  return annotationsOf(plane, webhook, mark, object.metadata.name);
};

describe("the API server's audit log records the requester, the identities and the decision of every judged write", () => {
  test("a forbidden identity was replaced, and the validating call saw the requester's own", async () => {
    expect(await annotated(plane.user("bob"), template(namespace, "replaced", "carl"))).toEqual({
      mutate: { decision: "replaced", reason: "forbidden", requester: "bob", declared: "carl", effective: "bob" },
      validate: { decision: "self", reason: "requester", requester: "bob", declared: "bob", effective: "bob" },
    });
  });

  test("an empty field was set to the requester", async () => {
    expect(await annotated(plane.user("bob"), template(namespace, "defaulted"))).toEqual({
      mutate: { decision: "defaulted", reason: "empty", requester: "bob", declared: "", effective: "bob" },
      validate: { decision: "self", reason: "requester", requester: "bob", declared: "bob", effective: "bob" },
    });
  });

  test("a permitted identity caused no mutating call, and the validating call recorded it", async () => {
    expect(await annotated(plane.user("alice"), template(namespace, "permitted", "bob"))).toEqual({
      validate: {
        decision: "permitted",
        reason: "may-impersonate",
        requester: "alice",
        declared: "bob",
        effective: "bob",
      },
    });
  });

  test("a privileged value is recorded as it was declared", async () => {
    const expected = {
      decision: "permitted",
      reason: "may-impersonate",
      requester: "admin",
      declared: "razeedeploy",
      effective: "razeedeploy",
    };
    expect(await annotated(plane.user("admin"), template(namespace, "privileged", "razeedeploy"))).toEqual({
      mutate: expected,
      validate: expected,
    });
  });

  test("a refusal is recorded, and a declared value that is not a string is left out", async () => {
    expect(await annotated(plane.user("bob"), template(namespace, "refused", 5))).toEqual({
      mutate: { decision: "denied", reason: "not-a-string", requester: "bob", declared: "", effective: "" },
    });
  });

  test("control characters and bidi marks are recorded as escape sequences", async () => {
    expect(await annotated(plane.user("bob"), template(namespace, "escaped", "c\u202earl\n"))).toEqual({
      mutate: {
        decision: "denied",
        reason: "unsafe-name",
        requester: "bob",
        declared: "c\\u202earl\\u000a",
        effective: "",
      },
    });
  });

  test("an edit of an object that runs as another user is recorded as inherited", async () => {
    const object = template(namespace, "inherited", "alice");
    await created(plane, plane.user("alice"), object);
    const mark = plane.auditMark();
    await plane.api(plane.user("bob"), {
      method: "PATCH",
      path: pathOf(object),
      body: { spec: { strTemplates: ["a: 1"] } },
      contentType: "application/merge-patch+json",
    });
    expect(await annotationsOf(plane, webhook, mark, "inherited")).toEqual({
      mutate: { decision: "replaced", reason: "inherited", requester: "bob", declared: "alice", effective: "bob" },
      validate: { decision: "self", reason: "requester", requester: "bob", declared: "bob", effective: "bob" },
    });
  });
});

describe("exactly these questions reach the API server", () => {
  const users = (name: string) => ({ verb: "impersonate", version: "v1", resource: "users", name });
  const asked = async (caller: Caller, object: ApiObject) => {
    const mark = plane.auditMark();
    await create(plane, caller, object);
    await annotationsOf(plane, webhook, mark, object.metadata.name);
    const questions = questionsSince(plane, mark);
    expect(questions.map(({ query }) => query)).toEqual(questions.map(() => "fieldValidation=Strict"));
    return questions.map(({ spec }) => spec);
  };
  const of = (user: string, ...groups: readonly string[]) => ({
    user,
    uid: expect.stringMatching(/^uid-\d+$/),
    groups: [...groups, "system:authenticated"],
  });

  test("none where the requester names themself or the field is empty", async () => {
    expect(await asked(plane.user("bob"), template(namespace, "asks-none-self", "bob"))).toEqual([]);
    expect(await asked(plane.user("bob"), template(namespace, "asks-none-empty"))).toEqual([]);
  });

  test("one about a user, with the requester's groups and no namespace", async () => {
    expect(await asked(plane.user("gina"), template(namespace, "asks-user", "carl"))).toEqual([
      { ...of("gina", "team-a"), resourceAttributes: users("carl") },
    ]);
  });

  test("one about a service account, in its own namespace", async () => {
    const declared = "system:serviceaccount:elsewhere:deployer";
    expect(await asked(plane.user("bob"), template(namespace, "asks-account", declared))).toEqual([
      {
        ...of("bob"),
        resourceAttributes: {
          verb: "impersonate",
          version: "v1",
          resource: "serviceaccounts",
          namespace: "elsewhere",
          name: "deployer",
        },
      },
    ]);
  });

  test("two about a privileged value: the user of that name, and the account that it stands for", async () => {
    const [, , account, sa] = razeeController.split(":");
    const spec = of("stranger");
    expect(await asked(plane.user("stranger"), template(namespace, "asks-privileged", "razeedeploy"))).toEqual(
      expect.arrayContaining([
        { ...spec, resourceAttributes: users("razeedeploy") },
        {
          ...spec,
          resourceAttributes: {
            verb: "impersonate",
            version: "v1",
            resource: "serviceaccounts",
            namespace: account,
            name: sa,
          },
        },
      ]),
    );
  });

  test("a question about a service account carries its uid, groups and the credential's extra", async () => {
    expect(await asked(builder, template(namespace, "asks-for-account", "carl"))).toEqual([
      {
        user: `system:serviceaccount:${namespace}:builder`,
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
        extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^JTI=/)] },
        resourceAttributes: users("carl"),
      },
    ]);
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});
