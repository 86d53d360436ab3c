import { expect, test } from "vitest";
import { checkRazeeConfig } from "../../../../infra/doctor/check-razee-config.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const examine = async (
  reply: { readonly status: number; readonly body: object },
  { target = { preset: "razee" }, installed = true }: { target?: object; installed?: boolean } = {},
) => {
  const paths: string[] = [];
  const site = {
    policy: readPolicy({ name: "test", targets: [target] }),
    served: new Map([["deploy.razee.io", new Map(installed ? [["mustachetemplates", []]] : [])]]),
    api: {
      send: async ({ path }: { readonly path: string }) => {
        paths.push(path);
        return { ...reply, warnings: [] };
      },
    },
  };
  const results = await checkRazeeConfig(site as unknown as Site);
  return { paths, results: results.map(({ status, message, fix }) => [status, message, fix]) };
};

const where = "ConfigMap razeedeploy/razeedeploy-config";
const act =
  "so Razee's controllers set every object to razeedeploy and act as their own account, which may do everything";
const create = "kubectl create configmap razeedeploy-config -n razeedeploy --from-literal=enable-impersonation=true";
const patch = `kubectl patch configmap razeedeploy-config -n razeedeploy --type=merge -p '{"data":{"enable-impersonation":"true"}}'`;
const passed = `${where} has enable-impersonation: true, so Razee's controllers act as the identities that the objects name`;

test.for([
  ["true", { "enable-impersonation": "true" }, "ok", passed, ""],
  ["a line with True", { "enable-impersonation": " True\n" }, "ok", passed, ""],
  [
    "false",
    { "enable-impersonation": "false" },
    "fail",
    `the guard has no effect: ${where} has enable-impersonation: "false", ${act}`,
    patch,
  ],
  [
    "yes",
    { "enable-impersonation": "yes" },
    "fail",
    `the guard has no effect: ${where} has enable-impersonation: "yes", ${act}`,
    patch,
  ],
  [
    "other settings",
    { "lock-cluster": "false" },
    "fail",
    `the guard has no effect: ${where} has no enable-impersonation, ${act}`,
    patch,
  ],
  ["no data", undefined, "fail", `the guard has no effect: ${where} has no enable-impersonation, ${act}`, patch],
] as const)("%s", async ([, data, ...expected]) => {
  expect(await examine({ status: 200, body: { data } })).toEqual({
    paths: ["/api/v1/namespaces/razeedeploy/configmaps/razeedeploy-config"],
    results: [expected],
  });
});

test("no ConfigMap", async () => {
  const { results } = await examine({ status: 404, body: {} });
  expect(results).toEqual([["fail", `the guard has no effect: ${where} does not exist, ${act}`, create]]);
});

test("a user who may not read it is told", async () => {
  const { results } = await examine({ status: 403, body: { message: "forbidden" } });
  expect(results).toEqual([
    [
      "warn",
      `not checked: whether Razee's controllers impersonate at all: ${where} cannot be read: forbidden`,
      "run the doctor as a user who may get configmaps/razeedeploy-config in namespace razeedeploy",
    ],
  ]);
});

test("the namespace is that of the controller in the policy", async () => {
  const target = { preset: "razee", controller: "system:serviceaccount:gitops:razee" };
  const { paths } = await examine({ status: 404, body: {} }, { target });
  expect(paths).toEqual(["/api/v1/namespaces/gitops/configmaps/razeedeploy-config"]);
});

test("a policy whose privileged values name no account is told", async () => {
  const target = { group: "deploy.razee.io", versions: ["*"], resources: ["mustachetemplates"], fields: ["spec.user"] };
  const { paths, results } = await examine({ status: 404, body: {} }, { target });
  expect(paths).toEqual([]);
  expect(results).toMatchObject([
    ["warn", expect.stringMatching(/^not checked: whether Razee's controllers impersonate/), expect.any(String)],
  ]);
});

test.for([
  ["a cluster without Razee", {}, false],
  ["a policy without Razee", { target: { preset: "flux" } }, true],
] as const)("%s has no such result", async ([, more, installed]) => {
  expect(await examine({ status: 404, body: {} }, { ...more, installed })).toEqual({ paths: [], results: [] });
});
