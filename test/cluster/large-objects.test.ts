import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { defineCustomResource } from "./world/custom-resource.ts";
import { bothGuards, type Guard, type Probe } from "./world/install-policy.ts";
import { makeNamespace } from "./world/namespace.ts";

/* An object that is too large for CEL can still be labelled, deleted and written by its controller. */

const plane = connect(inject("connection"));
const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";
const policy = {
  name: "flows",
  targets: [
    {
      group: "flows.example",
      versions: ["*"],
      resources: ["largeflows"],
      fields: ["spec.user"],
      statusPaths: ["status.children"],
      emptyStandsFor: controller,
      onForbidden: "deny",
      onEmpty: "deny",
    },
  ],
};
const collection = (namespace: string): string => `/apis/flows.example/v1/namespaces/${namespace}/largeflows`;
const objectOf = (name: string, more: object = {}) => ({
  apiVersion: "flows.example/v1",
  kind: "LargeFlow",
  metadata: { name, finalizers: ["example.com/clean-up"] },
  spec: { user: "alice" },
  ...more,
});
const probe = (user: string): Probe => ({
  who: "stranger",
  collection: collection("default"),
  object: objectOf("probe", { spec: { user } }),
});
const members = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, value]));

beforeAll(() =>
  defineCustomResource(plane, {
    plural: "largeflows",
    kind: "LargeFlow",
    versions: [{ name: "v1", statusSubresource: true }],
  }),
);

describe.each(bothGuards(plane, policy, probe("stranger"), [probe("carl")]))(
  "a large object, guarded by $by",
  ({ by, install }) => {
    const namespace = `large-by-${by.split(" ").at(-1)}`;
    let guard: Guard;

    beforeAll(async () => {
      await makeNamespace(plane, namespace);
      guard = await install();
    });
    afterAll(() => guard?.uninstall());

    const merge = (who: string, path: string, body: unknown) =>
      plane.api(plane.user(who), { method: "PATCH", path, body, contentType: "application/merge-patch+json" });
    const made = async (name: string, more: object): Promise<string> => {
      const path = collection(namespace);
      const body = objectOf(name, more);
      const { status, text } = await plane.api(plane.user("alice"), { method: "POST", path, body });
      if (status !== 201) throw new Error(text.slice(0, 1_000));
      return `${path}/${name}`;
    };

    test.for([60, 65, 5_000, 60_000])(
      "with %i top-level members: other users can label it, delete it and remove its finalizer",
      async (count) => {
        const path = await made(`members-${count}`, members(count, ""));
        expect((await merge("stranger", path, { metadata: { labels: { team: "a" } } })).status).toBe(200);
        expect((await plane.api(plane.user("stranger"), { method: "DELETE", path })).status).toBe(200);
        expect((await merge("stranger", path, { metadata: { finalizers: null } })).status).toBe(200);
        expect((await plane.api(plane.user("admin"), { path })).status).toBe(404);
      },
    );

    test.for([60, 65, 60_000])("with %i top-level members: a change is judged", async (count) => {
      const path = await made(`changed-${count}`, members(count, ""));
      expect((await merge("stranger", path, { m7: "other" })).status).toBe(403);
      expect((await merge("stranger", path, { spec: { user: "stranger" } })).status).toBe(200);
    });

    test.for([256, 257, 20_000])("with %i children in its status: its controller can write it", async (count) => {
      const path = await made(`children-${count}`, {});
      const status = { children: members(count, { "deploy.razee.io/Reconcile": "true" }) };
      expect((await merge("razeedeploy-sa", `${path}/status`, { status })).status).toBe(200);
      expect((await merge("razeedeploy-sa", `${path}/status`, { status: { phase: "done" } })).status).toBe(200);
      const another = { status: { children: { another: {} } } };
      expect((await merge("stranger", `${path}/status`, another)).status).toBe(403);
      expect((await merge("razeedeploy-sa", `${path}/status`, another)).status).toBe(200);
      expect((await merge("stranger", path, { metadata: { labels: { team: "a" } } })).status).toBe(200);
    });
  },
);
