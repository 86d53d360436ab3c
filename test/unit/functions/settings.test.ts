import { describe, expect, test } from "vitest";
import { readProxySettings, readSettings } from "../../../functions/settings.ts";

test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ["is the value of REGISTRY", { REGISTRY: "ssm:/admission/clusters" }, "ssm:/admission/clusters"],
  ["is undefined without REGISTRY", {}, undefined],
  ["is undefined where REGISTRY is empty", { REGISTRY: "" }, undefined],
  ["is never KUBECONFIG", { KUBECONFIG: "/home/me/.kube/config" }, undefined],
])("the registry %s", (_, environment, registry) => {
  expect(readSettings(environment)).toMatchObject({ registry });
});

describe("the age at which the registry is read again", () => {
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
      `REGISTRY_MAX_AGE must be a number of seconds from 1 to 999999, not "${text}"`,
    );
  });
});

describe("the age at which the registry is dead", () => {
  test.each([
    [undefined, undefined, 86_400_000],
    ["3600", undefined, 86_400_000],
    ["86400", undefined, 172_800_000],
    ["300", "600", 600_000],
    ["300", "999999", 999_999_000],
  ])("REGISTRY_MAX_AGE %j, REGISTRY_DEAD_AGE %j", (maxAge, deadAge, registryDeadAge) => {
    const environment = { REGISTRY_MAX_AGE: maxAge, REGISTRY_DEAD_AGE: deadAge };
    expect(readSettings(environment)).toMatchObject({ registryDeadAge });
  });

  test.each([
    ["599", "REGISTRY_DEAD_AGE must be at least twice REGISTRY_MAX_AGE, 600, not 599"],
    ["1d", 'REGISTRY_DEAD_AGE must be a number of seconds from 1 to 999999, not "1d"'],
  ])("not %j", (deadAge, message) => {
    expect(() => readSettings({ REGISTRY_DEAD_AGE: deadAge })).toThrow(message);
  });
});

describe("the number of clusters that are warmed", () => {
  test.each([
    [undefined, 3],
    ["", 3],
    ["0", 0],
    ["10", 10],
  ])("%j", (text, warmClusters) => {
    expect(readSettings({ WARM_CLUSTERS: text })).toMatchObject({ warmClusters });
  });

  test.each(["11", "-1", "off", "1.5"])("not %j", (text) => {
    expect(() => readSettings({ WARM_CLUSTERS: text })).toThrow(
      `WARM_CLUSTERS must be a number of clusters from 0 to 10, not "${text}"`,
    );
  });
});

test("the name, the region and the credentials that Lambda sets", () => {
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

describe("the proxy's function", () => {
  test("has a registry of its own", () => {
    expect(readProxySettings({ REGISTRY: "ssm:/admission" })).toEqual({
      proxyRegistry: undefined,
      proxyAuthentication: undefined,
      reservedNames: new Set(),
      watchSeconds: 240,
    });
    expect(readProxySettings({ PROXY_REGISTRY: "ssm:/proxy", PROXY_WATCH_SECONDS: "60" })).toMatchObject({
      proxyRegistry: "ssm:/proxy",
      watchSeconds: 60,
    });
  });

  test("has issuers of its own, whose tokens may hold the reserved names that it lists", () => {
    const PROXY_AUTHENTICATION = "ssm:/issuers";
    const PROXY_RESERVED_NAMES = "system:masters, system:nodes,";
    expect(readProxySettings({ PROXY_AUTHENTICATION, PROXY_RESERVED_NAMES })).toMatchObject({
      proxyAuthentication: "ssm:/issuers",
      reservedNames: new Set(["system:masters", "system:nodes"]),
    });
    expect(readProxySettings({ PROXY_AUTHENTICATION, PROXY_RESERVED_NAMES: "" }).reservedNames).toEqual(new Set());
    expect(() => readProxySettings({ PROXY_AUTHENTICATION, PROXY_RESERVED_NAMES: "system:masters,admins" })).toThrow(
      'PROXY_RESERVED_NAMES must hold names that begin with system:, with commas between, not "admins"',
    );
    expect(() => readProxySettings({ PROXY_RESERVED_NAMES })).toThrow(
      "PROXY_RESERVED_NAMES goes with PROXY_AUTHENTICATION; remove it",
    );
  });

  test("ends watches before a gateway does", () => {
    expect(readProxySettings({ PROXY_WATCH_SECONDS: "290" }).watchSeconds).toBe(290);
    expect(() => readProxySettings({ PROXY_WATCH_SECONDS: "291" })).toThrow(
      "PROXY_WATCH_SECONDS must be at most 290, not 291",
    );
  });
});
