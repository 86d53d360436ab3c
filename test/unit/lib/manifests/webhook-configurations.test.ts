import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../../lib/index.ts";
import { type WebhookOptions, webhookConfigurations } from "../../../../lib/manifests/index.ts";

const client = { url: "https://guard.example.com/clusters/prod/KEY" };
const razee = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const thing = {
  group: "g.example",
  versions: ["v1", "v1beta1"],
  resources: ["things", "others"],
  fields: ["spec.runAs"],
};
const policyOf = (...targets: readonly object[]) => readPolicy({ name: "mine", targets });
const webhooksOf = (options: Partial<WebhookOptions> = {}) =>
  webhookConfigurations({ policy: razee, client, ...options }).flatMap(({ webhooks }) => webhooks);

test("the Razee preset: one webhook that sets the field, one that guarantees it, and one for the status", () => {
  const webhook = {
    matchPolicy: "Equivalent",
    failurePolicy: "Fail",
    sideEffects: "None",
    timeoutSeconds: 5,
    admissionReviewVersions: ["v1"],
    matchConditions: expect.any(Array),
  };
  const resources = [
    "remoteresources",
    "mustachetemplates",
    "encryptedresources",
    "remoteresourcess3",
    "featureflagsetsld",
  ];
  const rule = {
    apiGroups: ["deploy.razee.io"],
    apiVersions: ["*"],
    resources,
    operations: ["CREATE", "UPDATE"],
    scope: "*",
  };
  expect(webhookConfigurations({ policy: razee, client })).toEqual([
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "impersonation-admission" },
      webhooks: [
        {
          ...webhook,
          name: "mutate.deploy.razee.io.impersonation-admission",
          clientConfig: { url: "https://guard.example.com/clusters/prod/KEY/mutate" },
          rules: [rule],
          reinvocationPolicy: "IfNeeded",
        },
      ],
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "impersonation-admission" },
      webhooks: [
        {
          ...webhook,
          name: "validate.deploy.razee.io.impersonation-admission",
          clientConfig: { url: "https://guard.example.com/clusters/prod/KEY/validate" },
          rules: [rule],
        },
        {
          ...webhook,
          name: "status.deploy.razee.io.impersonation-admission",
          clientConfig: { url: "https://guard.example.com/clusters/prod/KEY/validate" },
          rules: [{ ...rule, resources: resources.map((each) => `${each}/status`), operations: ["UPDATE"] }],
        },
      ],
    },
  ]);
});

test("the rules have exactly the policy's groups, versions and resources", () => {
  const [mutate, validate] = webhooksOf({ policy: policyOf(thing) });
  const rules = [
    {
      apiGroups: ["g.example"],
      apiVersions: ["v1", "v1beta1"],
      resources: ["things", "others"],
      operations: ["CREATE", "UPDATE"],
      scope: "*",
    },
  ];
  expect(mutate?.rules).toEqual(rules);
  expect(validate?.rules).toEqual(rules);
});

test("a target without status paths has no webhook for the status", () => {
  expect(webhooksOf({ policy: policyOf(thing) }).map(({ name }) => name)).toEqual([
    "mutate.g.example.impersonation-admission",
    "validate.g.example.impersonation-admission",
  ]);
});

test("an identity in the metadata has a webhook for all subresources, which store metadata", () => {
  const policy = policyOf({ ...thing, fields: ['metadata.annotations["a/b"]'], onForbidden: "deny", onEmpty: "deny" });
  const subresources = webhooksOf({ policy }).at(-1);
  expect(subresources?.name).toBe("subresources.g.example.impersonation-admission");
  expect(subresources?.clientConfig["url"]).toMatch(/\/validate$/);
  expect(subresources?.rules).toEqual([
    {
      apiGroups: ["g.example"],
      apiVersions: ["v1", "v1beta1"],
      resources: ["things/*", "others/*"],
      operations: ["CREATE", "UPDATE"],
      scope: "*",
    },
  ]);
});

test("a target that covers pods is told of bindings, which are pods/binding under another name", () => {
  const fields = ['metadata.annotations["a/b"]'];
  const policy = policyOf({ ...thing, group: "", resources: ["pods"], fields, onForbidden: "deny", onEmpty: "deny" });
  expect(webhooksOf({ policy }).at(-1)?.rules[0]?.["resources"]).toEqual(["pods/*", "bindings"]);
});

test("a target whose fields lie in the status has a webhook for the status, and none that sets", () => {
  const policy = policyOf({ ...thing, fields: ["status.runAs"] });
  expect(webhooksOf({ policy }).map(({ name }) => name)).toEqual([
    "validate.g.example.impersonation-admission",
    "status.g.example.impersonation-admission",
  ]);
});

test("names are unique, of three labels at least, and such as the API server takes", () => {
  const policy = policyOf(
    { preset: "razee" },
    { ...thing, statusPaths: ["status.a"] },
    { ...thing, versions: ["v2"], statusPaths: ["status.b"] },
    { ...thing, versions: ["v3"] },
    { ...thing, group: "", resources: ["pods"] },
    { ...thing, group: "apps", resources: ["deployments"] },
  );
  for (const { webhooks } of webhookConfigurations({ policy, client })) {
    const names = webhooks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name.split(".").length).toBeGreaterThanOrEqual(3);
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/);
    }
  }
  expect(webhooksOf({ policy }).map(({ name }) => name)).toEqual([
    "mutate.deploy.razee.io.impersonation-admission",
    "mutate.g.example.impersonation-admission",
    "mutate-2.g.example.impersonation-admission",
    "mutate-3.g.example.impersonation-admission",
    "mutate.core.impersonation-admission",
    "mutate.apps.impersonation-admission",
    "validate.deploy.razee.io.impersonation-admission",
    "status.deploy.razee.io.impersonation-admission",
    "validate.g.example.impersonation-admission",
    "status.g.example.impersonation-admission",
    "validate-2.g.example.impersonation-admission",
    "status-2.g.example.impersonation-admission",
    "validate-3.g.example.impersonation-admission",
    "validate.core.impersonation-admission",
    "validate.apps.impersonation-admission",
  ]);
});

describe("options", () => {
  test("a URL may end in slashes", () => {
    const [mutate] = webhooksOf({ client: { url: `${client.url}//` } });
    expect(mutate?.clientConfig).toEqual({ url: `${client.url}/mutate` });
  });

  test("a Service of the cluster, with its CA", () => {
    const service = { namespace: "guard", name: "admission", port: 8443 };
    expect(webhooksOf({ client: { service }, caBundle: "Q0E=" }).map(({ clientConfig }) => clientConfig)).toEqual([
      { service: { ...service, path: "/mutate" }, caBundle: "Q0E=" },
      { service: { ...service, path: "/validate" }, caBundle: "Q0E=" },
      { service: { ...service, path: "/validate" }, caBundle: "Q0E=" },
    ]);
  });

  test("a name, a failure policy and a timeout", () => {
    const options = { name: "guard", failurePolicy: "Ignore", timeoutSeconds: 10 } as const;
    const configurations = webhookConfigurations({ policy: razee, client, ...options });
    expect(configurations.map(({ metadata }) => metadata.name)).toEqual(["guard", "guard"]);
    for (const { failurePolicy, timeoutSeconds } of webhooksOf(options))
      expect({ failurePolicy, timeoutSeconds }).toEqual({ failurePolicy: "Ignore", timeoutSeconds: 10 });
  });
});
