import { expect, test } from "vitest";
import { checkCaBundle, checkPolicy, checkUrl } from "../../../../infra/doctor/check-configurations.ts";
import type { Site } from "../../../../infra/doctor/site.ts";
import { webhookConfigurations } from "../../../../lib/manifests/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const service = { service: { namespace: "guard", name: "webhook", port: 443 } };

type Configuration = { readonly webhooks: readonly Record<string, unknown>[] };

/** A site with the configurations of the policy, which call a service. `change` gives the changed members of each webhook. */
const siteWith = (change: (webhook: Record<string, unknown>) => object, url?: string): Site => {
  const wanted = webhookConfigurations({ policy, client: service });
  const [mutating, validating] = (wanted as unknown as readonly Configuration[]).map((configuration) => ({
    ...configuration,
    webhooks: configuration.webhooks.map((webhook) => ({ ...webhook, ...change(webhook) })),
  }));
  return { policy, wanted, url, ours: { mutating, validating } } as unknown as Site;
};

const clientOf = (webhook: Record<string, unknown>) => webhook["clientConfig"] as { service: { path: string } };

test("the webhooks may call a service", async () => {
  expect(await checkUrl(siteWith(() => ({})))).toMatchObject([
    { status: "ok", message: "every webhook calls service guard/webhook:443" },
  ]);
  expect(await checkUrl(siteWith(() => ({}), "https://host/clusters/prod/KEY"))).toMatchObject([
    {
      status: "fail",
      message: expect.stringContaining("calls service guard/webhook:443, not https://host/clusters/prod/***"),
    },
  ]);
});

test("a service may be called with a key, which is not shown", async () => {
  const keyed = (key: string) => (webhook: Record<string, unknown>) => {
    const { service } = clientOf(webhook);
    return { clientConfig: { service: { ...service, path: `/clusters/local/${key}${service.path}` } } };
  };
  expect(await checkUrl(siteWith(keyed("some-key")))).toMatchObject([
    { status: "ok", message: "every webhook calls service guard/webhook:443/clusters/local/***" },
  ]);
  const keys = ["one-key", "other-key", "other-key"];
  const [result] = await checkUrl(siteWith((webhook) => keyed(keys.shift() ?? "")(webhook)));
  expect(result).toMatchObject({ status: "fail", message: expect.stringContaining("with a different key") });
  expect(JSON.stringify(result)).not.toMatch(/one-key|other-key/);
});

test("a webhook that calls the other endpoint is a failure", async () => {
  const crossed = siteWith((webhook) => {
    const { service } = clientOf(webhook);
    return { clientConfig: { service: { ...service, path: service.path.replace("validate", "mutate") } } };
  });
  expect(await checkUrl(crossed)).toMatchObject([
    {
      status: "fail",
      message: expect.stringContaining("calls service guard/webhook:443 at /mutate, not at /validate"),
    },
  ]);
});

test("a service needs a caBundle, a URL does not", async () => {
  expect(await checkCaBundle(siteWith(() => ({})))).toMatchObject([
    {
      check: "ca-bundle",
      status: "fail",
      message:
        "mutate.deploy.razee.io.impersonation-admission calls a service and has no caBundle, so the API server does not trust the certificate of the service",
      fix: "renew the CA certificate that signs the function's certificate, and install it: npm run -s manifests -- --url URL | kubectl apply -f - (--ca-bundle names the file)",
    },
  ]);
  const byUrl = siteWith(() => ({ clientConfig: { url: "https://host/mutate" } }));
  expect(await checkCaBundle(byUrl)).toMatchObject([{ status: "ok" }]);
});

test("a webhook that does not belong to the policy is named", async () => {
  const renamed = siteWith(({ name }) => ({ name: String(name).replace("status.", "another.") }));
  expect(await checkPolicy(renamed)).toMatchObject([
    { check: "mutating-policy", status: "ok" },
    {
      check: "validating-policy",
      status: "fail",
      message:
        "the configuration differs from policy razee: status.deploy.razee.io.impersonation-admission is missing; " +
        "another.deploy.razee.io.impersonation-admission does not belong to this policy",
    },
  ]);
});

test("the command of a fix repeats --policy", async () => {
  const site = { ...siteWith(({ name }) => ({ name: `x.${name}` })), policyName: "team.yaml" };
  const [first] = await checkPolicy(site);
  expect(first?.fix).toBe(
    "npm run -s manifests -- --url URL --policy team.yaml | kubectl replace -f -; if the cluster uses another policy, name it with --policy",
  );
});
