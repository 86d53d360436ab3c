import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { bothGuards, type Guard, type Probe } from "./world/install-policy.ts";
import { makeNamespace } from "./world/namespace.ts";
import { collectionOf, created, kinds, pathOf, razee, stored, template } from "./world/objects.ts";
import { razeeController } from "./world/users.ts";

/*
 * Objects that are older than the webhook have an empty identity field. Their controller acts as itself, and must still be able to write
 * status.children. Another user who writes there could make the controller delete objects.
 */

const plane = connect(inject("connection"));
const children = { "/api/v1/namespaces/kube-system/secrets/token": { "deploy.razee.io/Reconcile": "true" } };

const probe = (declared: unknown, kind = "MustacheTemplate"): Probe => {
  const object = razee(kind, "default", "probe", { clusterAuth: { impersonateUser: declared } });
  return { who: "stranger", collection: collectionOf(object), object };
};
const policy = { name: "razee", targets: [{ preset: "razee" }] };

describe.each(bothGuards(plane, policy, probe("stranger"), [probe("bob ")]))(
  "an object that is older than its guard ($by)",
  ({ by, install }) => {
    const namespace = `older-than-${by.split(" ").at(-1)}`;
    const unnamed = (kind: string, name: string) => razee(kind, namespace, `${kind.toLowerCase()}-${name}`, {});
    const people = ["razeedeploy-sa", "admin", "stranger", "alice", "nsadmin"];
    let guard: Guard;

    beforeAll(async () => {
      await makeNamespace(plane, namespace);
      for (const kind of kinds)
        for (const who of people) await created(plane, plane.user("stranger"), unnamed(kind, who));
      await created(plane, plane.user("stranger"), template(namespace, "beside"));
      guard = await install();
    });
    afterAll(() => guard?.uninstall());

    const writeStatus = (who: string, object: ReturnType<typeof unnamed>, status: object) =>
      plane.api(plane.user(who), {
        method: "PATCH",
        path: `${pathOf(object)}/status`,
        body: { status },
        contentType: "application/merge-patch+json",
      });

    test.for(
      kinds.flatMap((kind) => [
        { kind, who: "razeedeploy-sa", code: 200, why: "is the controller" },
        { kind, who: "admin", code: 200, why: "may impersonate the controller" },
        { kind, who: "stranger", code: 403, why: "may impersonate no other identity" },
        { kind, who: "alice", code: 403, why: "may impersonate every user but no service account" },
        { kind, who: "nsadmin", code: 403, why: "may impersonate every service account of another namespace" },
      ]),
    )("$who, who $why, writes status.children of a $kind with an empty field: $code", async ({ kind, who, code }) => {
      const object = unnamed(kind, who);
      const { status, body } = await writeStatus(who, object, { children });
      expect(status).toBe(code);
      const after = await stored(plane, object);
      expect(after.status).toEqual(code === 200 ? { children } : undefined);
      expect(after.spec).toEqual({});
      if (code === 403) expect(body.message).toContain(razeeController);
    });

    test("other users write the rest of the status, and no call is made", async () => {
      const before = guard.calls().length;
      const { status } = await writeStatus("stranger", template(namespace, "beside"), { phase: "seen" });
      expect([status, guard.calls().length - before]).toEqual([200, 0]);
    });

    test("an edit of the object sets the identity to the editor, as usual", async () => {
      const object = template(namespace, "beside");
      const { status } = await plane.api(plane.user("bob"), {
        method: "PATCH",
        path: pathOf(object),
        body: { spec: { strTemplates: ["a: 1"] } },
        contentType: "application/merge-patch+json",
      });
      expect(status).toBe(200);
      expect((await stored(plane, object)).spec).toEqual({
        clusterAuth: { impersonateUser: "bob" },
        strTemplates: ["a: 1"],
      });
    });
  },
);
