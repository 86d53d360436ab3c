import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { create, created, identityOf, pathOf, razee, template } from "./world/objects.ts";
import { field } from "./world/sentences.ts";
import { razeeController } from "./world/users.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));

let webhook: InstalledWebhook;

const kubectlCreate = (who: string, stdin: unknown) => plane.kubectl(plane.user(who), ["create", "-f", "-"], { stdin });
const refused = (why: string) => ({
  stdout: "",
  stderr: `Error from server (Forbidden): error when creating "STDIN": admission webhook "${webhook.names.mutate}" denied the request: ${why}\n`,
  code: 1,
});

describe("a policy that refuses instead of writing", () => {
  const namespace = "strict-policy";

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    const targets = [{ preset: "razee", onForbidden: "deny", onEmpty: "deny" }];
    webhook = await installWebhook(plane, { policy: { targets } });
  });
  afterAll(() => webhook?.uninstall());

  test("a forbidden identity is refused, and the message names the missing permission", async () => {
    expect(await kubectlCreate("bob", template(namespace, "forbidden", "carl"))).toEqual(
      refused(`${field}: bob may not impersonate "carl"; get the permission to impersonate users/carl`),
    );
  });

  test("a forbidden service account is refused, and the message names the missing permission", async () => {
    const declared = "system:serviceaccount:elsewhere:deployer";
    const { stderr, code } = await kubectlCreate("bob", template(namespace, "forbidden", declared));
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${field}: bob may not impersonate "${declared}"; get the permission to impersonate serviceaccounts/`,
    );
  });

  test("an empty field is refused", async () => {
    expect(await kubectlCreate("bob", template(namespace, "empty"))).toEqual(
      refused(`${field} is empty; set it to an identity that bob may impersonate`),
    );
  });

  test("a user who edits an object that runs as alice is refused, and the message says to set the field", async () => {
    const object = template(namespace, "hijacked", "alice", { strTemplates: ["a: 1"] });
    await created(plane, plane.user("alice"), object);
    const patch = (spec: unknown) =>
      plane.api(plane.user("bob"), {
        method: "PATCH",
        path: pathOf(object),
        body: { spec },
        contentType: "application/merge-patch+json",
      });
    const { status, body } = await patch({ strTemplates: ["a: 2"] });
    expect(status).toBe(403);
    expect(body.message).toContain(`${field} still names "alice", which bob may not impersonate`);
    expect(await identityOf(plane, object)).toBe("alice");
    expect((await patch({ strTemplates: ["a: 2"], clusterAuth: { impersonateUser: "bob" } })).status).toBe(200);
    expect(await identityOf(plane, object)).toBe("bob");
  });

  test.for([
    { who: "bob", declared: "bob" },
    { who: "alice", declared: "bob" },
    { who: "razeedeploy-sa", declared: "razeedeploy" },
  ])("$who may declare $declared as usual", async ({ who, declared }) => {
    const object = template(namespace, `kept-${who}`, declared);
    expect(await kubectlCreate(who, object)).toMatchObject({ stderr: "", code: 0 });
    expect(await identityOf(plane, object)).toBe(declared);
  });

  test("no stored object named an identity that its last writer may not impersonate", async () => {
    expect(await brokenPromises(plane, namespace)).toEqual([]);
  });
});

describe("a policy that allows the controller's account as a default", () => {
  const namespace = "controllers-account";

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    const targets = [{ preset: "razee", onPrivilegedRequester: "default" }];
    webhook = await installWebhook(plane, { policy: { targets } });
  });
  afterAll(() => webhook?.uninstall());

  test("writes it into an empty field", async () => {
    const object = template(namespace, "child");
    expect((await create(plane, plane.user("razeedeploy-sa"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe(razeeController);
  });

  test("never writes the privileged value that stands for it", async () => {
    expect((await create(plane, plane.user("razeedeploy"), template(namespace, "namesake"))).status).toBe(403);
  });
});

describe("a webhook that is registered for more than its policy covers", () => {
  const namespace = "uncovered";

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    const target = {
      group: "deploy.razee.io",
      versions: ["v1alpha2"],
      resources: ["mustachetemplates"],
      fields: [field],
      statusPaths: ["status.children"],
    };
    webhook = await installWebhook(plane, { policy: { targets: [target] }, registeredFor: {} });
  });
  afterAll(() => webhook?.uninstall());

  test("refuses a resource that the policy does not cover, and names it", async () => {
    const why =
      "policy razee does not cover remoteresources.v1alpha2.deploy.razee.io; add it to the policy, or remove it from the webhook configuration";
    expect(await kubectlCreate("bob", razee("RemoteResource", namespace, "unknown", {}))).toEqual(refused(why));
  });

  test("judges a resource that the policy covers", async () => {
    const object = template(namespace, "known");
    expect((await create(plane, plane.user("bob"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe("bob");
  });
});
