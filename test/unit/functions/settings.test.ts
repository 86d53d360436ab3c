import { describe, expect, test } from "vitest";
import { readSettings } from "../../../functions/settings.ts";

test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ["is what REGISTRY says", { REGISTRY: "ssm:/admission/clusters" }, "ssm:/admission/clusters"],
  ["is nowhere where nothing is said", {}, undefined],
  ["is nowhere where REGISTRY is empty", { REGISTRY: "" }, undefined],
  ["is nobody else's kubeconfig", { KUBECONFIG: "/home/me/.kube/config" }, undefined],
])("the registry %s", (_, environment, registry) => {
  expect(readSettings(environment)).toMatchObject({ registry });
});

describe("how old the registry may become", () => {
  test.each([
    [undefined, 300_000],
    ["", 300_000],
    ["1", 1_000],
    ["86400", 86_400_000],
  ])("%j", (text, registryMaxAge) => {
    expect(readSettings({ REGISTRY_MAX_AGE: text })).toMatchObject({ registryMaxAge });
  });

  test.each(["0", "-1", "1.5", "5m", "1000000"])("not %j", (text) => {
    expect(() => readSettings({ REGISTRY_MAX_AGE: text })).toThrow(
      `REGISTRY_MAX_AGE must be seconds, 1 to 999999, not "${text}"`,
    );
  });
});

test("whose function it is, and where, as Lambda says", () => {
  const environment = {
    AWS_LAMBDA_FUNCTION_NAME: "admission",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "ASIA",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
    AWS_ENDPOINT_URL: "https://all",
    AWS_ENDPOINT_URL_STS: "https://sts",
  };
  expect(readSettings(environment)).toMatchObject({
    functionName: "admission",
    inLambda: true,
    aws: {
      region: "eu-west-1",
      accessKeyId: "ASIA",
      secretAccessKey: "secret",
      sessionToken: "token",
      endpoints: { all: "https://all", sts: "https://sts" },
    },
  });
  expect(readSettings({ AWS_DEFAULT_REGION: "us-east-1" })).toMatchObject({
    functionName: "local",
    inLambda: false,
    aws: { region: "us-east-1", accessKeyId: undefined },
  });
});
