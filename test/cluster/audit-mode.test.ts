import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { annotationsOf } from "./world/annotations.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { type ApiObject, create, created, identityOf, pathOf, razee, stored, template } from "./world/objects.ts";
import { field, printed, replacedWarning } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));

let webhook: InstalledWebhook;

const annotated = async (who: string, object: ApiObject) => {
  const mark = plane.auditMark();
  const { status, warnings } = await create(plane, plane.user(who), object);
  return { status, warnings, ...(await annotationsOf(plane, webhook, mark, object.metadata.name)) };
};

describe("audit mode decides, asks and reports, but does not change or refuse objects", () => {
  const namespace = "audit-mode";

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    webhook = await installWebhook(plane, { policy: { enforcement: "audit" } });
  });
  afterAll(() => webhook?.uninstall());

  test("a forbidden identity is stored, with a warning that says what enforcement would have done", async () => {
    const object = template(namespace, "forbidden", "carl");
    expect(await plane.kubectl(plane.user("bob"), ["create", "-f", "-"], { stdin: object })).toEqual({
      stdout: "mustachetemplate.deploy.razee.io/forbidden created\n",
      stderr: printed(`audit (not enforced): ${replacedWarning("carl", "bob")}`),
      code: 0,
    });
    expect(await identityOf(plane, object)).toBe("carl");
  });

  test("the audit log holds the decisions, and says that they were not enforced", async () => {
    const common = { reason: "forbidden", requester: "bob", declared: "carl", enforcement: "audit" };
    expect(await annotated("bob", template(namespace, "recorded", "carl"))).toMatchObject({
      status: 201,
      mutate: { ...common, decision: "replaced", effective: "bob" },
      validate: { ...common, decision: "denied" },
    });
  });

  test("an empty field stays empty", async () => {
    const object = template(namespace, "empty");
    expect(await annotated("bob", object)).toMatchObject({
      status: 201,
      warnings: [`audit (not enforced): ${field} was empty and is set to "bob"`],
      mutate: { decision: "defaulted", reason: "empty" },
    });
    expect(await identityOf(plane, object)).toBeUndefined();
  });

  test("a value that is not a string is stored where no schema refuses it", async () => {
    const object = razee("FeatureFlagSetLD", namespace, "number", { clusterAuth: { impersonateUser: 5 } });
    expect(await annotated("bob", object)).toMatchObject({
      status: 201,
      mutate: { decision: "denied", reason: "not-a-string", enforcement: "audit" },
      validate: { decision: "denied", reason: "not-a-string", enforcement: "audit" },
    });
    expect(await identityOf(plane, object)).toBe(5);
  });

  test("a parent that is not an object is stored where no schema refuses it", async () => {
    const object = razee("FeatureFlagSetLD", namespace, "list", []);
    expect(await annotated("bob", object)).toMatchObject({
      status: 201,
      mutate: { decision: "denied", reason: "parent-not-an-object" },
    });
    expect((await stored(plane, object)).spec).toEqual([]);
  });

  test("the invariant of the other test files finds the objects that audit mode let through", async () => {
    expect(await brokenPromises(plane, namespace)).toEqual([
      'mustachetemplates/forbidden by bob runs as "carl"',
      'mustachetemplates/recorded by bob runs as "carl"',
      "mustachetemplates/empty by bob runs as undefined",
      "featureflagsetsld/number by bob runs as 5",
      "featureflagsetsld/list by bob runs as undefined",
    ]);
  });

  test("a status write that would be refused is stored with a warning", async () => {
    const object = template(namespace, "status", "alice");
    await created(plane, plane.user("alice"), object);
    const { status, warnings } = await plane.api(plane.user("stranger"), {
      method: "PATCH",
      path: `${pathOf(object)}/status`,
      body: { status: { children: { a: {} } } },
      contentType: "application/merge-patch+json",
    });
    expect({ status, warnings }).toEqual({
      status: 200,
      warnings: [expect.stringMatching(/^audit \(not enforced\): .*"alice".*stranger/)],
    });
  });
});

describe("with enforcement off, every object passes, and the audit log says so", () => {
  const namespace = "switched-off";

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    webhook = await installWebhook(plane, { policy: { enforcement: "off" } });
  });
  afterAll(() => webhook?.uninstall());

  test("a forbidden identity is stored without a warning", async () => {
    const object = template(namespace, "forbidden", "carl");
    const skipped = { decision: "skipped", reason: "enforcement-off", enforcement: "off" };
    expect(await annotated("bob", object)).toMatchObject({
      status: 201,
      warnings: [],
      mutate: skipped,
      validate: skipped,
    });
    expect(await identityOf(plane, object)).toBe("carl");
  });
});
