import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applied } from "../cluster/world/applied.ts";
import { template } from "../cluster/world/objects.ts";
import { until } from "../cluster/world/until.ts";
import { accountOf, type FluxGround, kustomization, startFluxGround, team } from "./world/flux-ground.ts";
import { guarded } from "./world/guarded.ts";

// The rule writes into objects that come from Git: Flux, kubectl and the rule must not undo each other's work for ever.
const path = (name: string): string => `/apis/deploy.razee.io/v1alpha2/namespaces/${team}/mustachetemplates/${name}`;

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller", [], ["deploy.razee.io"]);
  await applied(ground.plane, readFileSync(new URL("../cluster/world/razee-crds.yaml", import.meta.url), "utf8"));
  await until("Razee's resources are served", async () => ground.stored("/apis/deploy.razee.io/v1alpha2"));
});
afterAll(() => ground?.stop());
guarded(() => ground.guard({ name: "both", targets: [{ preset: "flux" }, { preset: "razee" }] }));

describe("objects that Flux applies", () => {
  const object = kustomization(team, "templates", { serviceAccountName: "deployer" });
  const declared = [
    ["defaulted", undefined, "defaulted empty"],
    ["replaced", "alice", "replaced forbidden"],
    ["own", accountOf("deployer"), "self requester"],
  ] as const;
  beforeAll(() =>
    // Ready: where an identity is replaced, Flux says nothing of the warning.
    ground.deployed(
      "alice",
      object,
      declared.map(([name, user]) => template(team, name, user)),
    ),
  );

  test.each(declared)("%s: the identity becomes the account of the Kustomization", async (name, _, decision) => {
    expect((await ground.stored(path(name))).spec.clusterAuth.impersonateUser).toBe(accountOf("deployer"));
    const { decisions } = await ground.store({ resource: "mustachetemplates", name, actedAs: accountOf("deployer") });
    expect(decisions[0]).toBe(decision);
  });

  test("are not applied again in three reconciliations", async () => {
    const mark = ground.plane.auditMark();
    for (const _ of [1, 2, 3]) await ground.reconciled("alice", object);
    expect(ground.stores({ resource: "mustachetemplates" }, mark)).toEqual([]);
    for (const [name] of declared) expect((await ground.stored(path(name))).metadata.generation).toBe(1);
  });

  test("are applied once more when Git changes, beside what the rule wrote", async () => {
    const labelled = declared.map(([name, user]) => {
      const { metadata, ...rest } = template(team, name, user);
      return { ...rest, metadata: { ...metadata, labels: { revision: "2" } } };
    });
    await ground.artifacts.publish(object.metadata, labelled);
    for (const [name] of declared) {
      const { metadata, spec } = await until(`the new revision of ${name} is applied`, async () => {
        const template = await ground.stored(path(name));
        return template.metadata.labels?.revision === "2" && template;
      });
      expect([metadata.generation, spec.clusterAuth.impersonateUser]).toEqual([1, accountOf("deployer")]);
    }
  });
});

describe("objects that a user applies twice with kubectl", () => {
  test.each([
    ["server-side", "defaulted", undefined],
    ["server-side", "replaced", "dave"],
    ["client-side", "defaulted", undefined],
    ["client-side", "replaced", "dave"],
  ])(
    "%s, %s: the second time changes nothing, and kubectl diff shows no difference to apply",
    async (side, what, user) => {
      const name = `${side}-${what}`;
      const flag = `--server-side=${side === "server-side"}`;
      const { plane } = ground;
      const stdin = template(team, name, user);
      const apply = () => plane.kubectl(plane.user("alice"), ["apply", flag, "-f", "-"], { stdin });
      expect((await apply()).code).toBe(0);
      const first = await ground.stored(path(name));
      expect(first.spec.clusterAuth.impersonateUser).toBe("alice");
      const second = await apply();
      // What is replaced is replaced, and told of, each time.
      const warning = `Warning: spec.clusterAuth.impersonateUser: "dave" replaced by "alice", who may not impersonate it\n`;
      expect([second.code, second.stderr]).toEqual([0, user === undefined ? "" : warning]);
      const { metadata, spec } = await ground.stored(path(name));
      expect([metadata.generation, spec]).toEqual([1, first.spec]);
      const diff = await plane.kubectl(plane.user("alice"), ["diff", flag, "-f", "-"], { stdin });
      expect([diff.code, diff.stdout]).toEqual([0, ""]);
    },
  );
});
