import { expect, test } from "vitest";
import { checkEmptyFields } from "../../../../infra/doctor/check-empty-fields.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const deployment = (name: string, serviceAccountName: string, ...containers: readonly object[]) => ({
  metadata: { name },
  spec: { template: { spec: { serviceAccountName, containers } } },
});

const examine = async (
  items: readonly object[],
  { status = 200, target = { preset: "flux" } }: { status?: number; target?: object } = {},
) => {
  const site = {
    policy: readPolicy({ name: "test", targets: [target] }),
    served: new Map([["kustomize.toolkit.fluxcd.io", new Map([["kustomizations", []]])]]),
    api: {
      send: async ({ path }: { readonly path: string }) => {
        expect(path).toBe("/apis/apps/v1/namespaces/flux-system/deployments");
        return { status, body: status === 200 ? { items } : { message: "forbidden" }, warnings: [] };
      },
    },
  };
  return (await checkEmptyFields(site as unknown as Site)).map(({ status: found, message }) => `${found}: ${message}`);
};

const account = "system:serviceaccount:flux-system:kustomize-controller";
const means = `an empty field of kustomizations.kustomize.toolkit.fluxcd.io stands for ${account}`;
const alone = `ok: Deployment flux-system/kc runs without --default-service-account: ${means}`;
const otherwise = (value: string): string =>
  `warn: by the policy ${means}, but Deployment flux-system/kc runs with --default-service-account=${value}, so its controller acts as ${value} of the object's namespace`;

test.for([
  ["no flag", [{ args: ["--watch-all-namespaces"] }], alone],
  ["no arguments", [{}], alone],
  ["the flag with its value", [{ args: ["--a", "--default-service-account=default"] }], otherwise("default")],
  ["the flag before its value", [{ args: ["--default-service-account", "tenant", "--b"] }], otherwise("tenant")],
  ["in the command of another container", [{}, { command: ["kc", "--default-service-account=x"] }], otherwise("x")],
  ["the last one counts", [{ args: ["--default-service-account=x", "--default-service-account="] }], alone],
] as const)("a Deployment with %s", async ([, containers, expected]) => {
  expect(await examine([deployment("kc", "kustomize-controller", ...containers)])).toEqual([expected]);
});

test("no Deployment that runs as the account", async () => {
  expect(await examine([deployment("other", "default", { args: ["--default-service-account=x"] })])).toEqual([
    `warn: by the policy ${means}, but no Deployment in namespace flux-system runs as the service account kustomize-controller`,
  ]);
});

test("a user who may not list deployments is told", async () => {
  expect(await examine([], { status: 403 })).toEqual([`warn: not checked: whether ${means}: forbidden`]);
});

const kustomizations = (more: object) => ({
  ...{ group: "kustomize.toolkit.fluxcd.io", versions: ["v1"], resources: ["kustomizations"] },
  fields: [{ path: "spec.serviceAccountName", serviceAccount: "name", ...more }],
});

test.for([
  ["a default", { preset: "flux", defaultServiceAccount: "default" }],
  [
    "an account of another cluster",
    kustomizations({ emptyStandsFor: account, permission: { verb: "use", group: "", resource: "pets" } }),
  ],
  ["a name that is not a service account's", kustomizations({ emptyStandsFor: "flux" })],
  [
    "a resource that is not installed",
    { ...kustomizations({ emptyStandsFor: account }), resources: ["kustomisations"] },
  ],
] as const)("%s is not looked for", async ([, target]) => {
  expect(await examine([], { target })).toEqual([]);
});
