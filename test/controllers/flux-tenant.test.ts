import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { applied } from "../cluster/world/applied.ts";
import { mayImpersonate } from "../cluster/world/may.ts";
import { until } from "../cluster/world/until.ts";
import {
  accountOf,
  configMap,
  type FluxGround,
  kustomization,
  pathOf,
  startFluxGround,
  team,
} from "./world/flux-ground.ts";
import { guarded } from "./world/guarded.ts";

// What docs/gitops.md says, tried: the platform's repository applies the tenant's, which names another account.
const page = readFileSync(new URL("../../docs/gitops.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) =>
  parseAllDocuments(text).map((document) => document.toJS()),
);
const policy = blocks.flat().find(({ name }) => name === "gitops");
const permissions = blocks.find(([first]) => first.kind === "ServiceAccount") ?? [];

let ground: FluxGround;

beforeAll(async () => {
  ground = await startFluxGround("kustomize-controller");
  const apiGroup = "rbac.authorization.k8s.io";
  await applied(ground.plane, [
    ...permissions,
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "RoleBinding",
      metadata: { name: "applier-writes", namespace: team },
      roleRef: { apiGroup, kind: "Role", name: "writes" },
      subjects: [{ kind: "ServiceAccount", name: "applier", namespace: team }],
    },
  ]);
  await until("the page's RoleBinding counts", () =>
    mayImpersonate(ground.plane, { username: accountOf("applier") }, accountOf("deployer")),
  );
});
afterAll(() => ground?.stop());
guarded(() => ground.guard(policy));

const platform = kustomization("flux-system", "tenants");
const repository = kustomization(team, "repository", { serviceAccountName: "applier" });
const app = kustomization(team, "app", { serviceAccountName: "deployer" });

test("from the platform's repository to the tenant's to an application: each names an account that its applier may impersonate", async () => {
  await ground.artifacts.publish(app.metadata, [configMap(team, "app")]);
  await ground.artifacts.publish(repository.metadata, [app]);
  await ground.deployed("admin", platform, [repository]);
  await ground.settled(repository, { status: "True" });
  await ground.settled(app, { status: "True" });
  const actors = [
    ["kustomizations", "repository", "system:serviceaccount:flux-system:kustomize-controller"],
    ["kustomizations", "app", accountOf("applier")],
    ["configmaps", "app", accountOf("deployer")],
  ] as const;
  for (const [resource, name, actedAs] of actors)
    expect(await ground.store({ resource, name })).toMatchObject({ actedAs });
});

test("a repository that names another account is refused, until a RoleBinding permits it, without a new commit", async () => {
  const other = kustomization(team, "other", { serviceAccountName: "builder" });
  await ground.artifacts.publish(other.metadata, [configMap(team, "other")]);
  await ground.artifacts.publish(repository.metadata, [app, other]);
  const { message } = await ground.settled(repository, { status: "False", reason: "ReconciliationFailed" });
  expect(message).toContain(`${accountOf("applier")} may not impersonate "${accountOf("builder")}"`);
  const asForBuilder = JSON.parse(JSON.stringify(permissions).replaceAll("deployer", "builder"));
  await applied(ground.plane, asForBuilder);
  await ground.settled(repository, { status: "True" });
  await ground.settled(other, { status: "True" });
  expect(await ground.stored(pathOf(other))).toBeDefined();
});
