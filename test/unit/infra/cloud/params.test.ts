import { describe, expect, test } from "vitest";
import { type Params, readParams } from "../../../../infra/cloud/params.ts";

/** The parameters of serverless.yml, with a registry. */
const usual: Params = {
  registry: "ssm:/admission/clusters",
  registryMaxAge: 300,
  registryDeadAge: 86_400,
  warmClusters: 3,
  registryKey: "",
  registryLayers: [],
  assumeRoles: [],
  subnetIds: [],
  securityGroupIds: [],
  reservedConcurrency: 50,
  throttleRate: 100,
  throttleBurst: 200,
  logRetentionInDays: 30,
  alarmTopic: "",
  vpcEndpointIds: [],
  wafRate: "",
};

const role = "arn:aws:iam::123456789012:role/team/reader";
const secret = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:admission-AbCdEf";

test("a parameter of the command line is a string, and a parameter of a file may be a list or a number", () => {
  const [subnets, groups] = [["subnet-0123456789abcdef0", "subnet-01234567"], ["sg-01234567"]];
  const listed = readParams({ ...usual, subnetIds: subnets, securityGroupIds: groups, reservedConcurrency: 5 });
  const spelled = readParams({
    ...usual,
    subnetIds: subnets.join(", "),
    securityGroupIds: `${groups},`,
    reservedConcurrency: "5",
  });
  expect(spelled).toEqual(listed);
  expect(spelled).toMatchObject({ subnetIds: subnets, securityGroupIds: groups, reservedConcurrency: 5 });
});

test("warming is on by default, and can be switched off", () => {
  expect(readParams({ ...usual, warmClusters: "0" })).toMatchObject({ warmClusters: 0 });
  const { registryDeadAge, warmClusters, ...others } = usual;
  expect(readParams(others)).toMatchObject({ registryDeadAge, warmClusters });
});

test("an empty parameter is not set", () => {
  expect(readParams(usual)).toMatchObject({ registryKey: undefined, alarmTopic: undefined, assumeRoles: [] });
});

describe("the proxy", () => {
  const proxied: Params = { ...usual, proxyRegistry: "ssm:/proxy/clusters", proxyReservedConcurrency: 50 };

  test("is off unless it has a registry", () => {
    expect(readParams({ ...usual, proxyRegistry: "" }).proxy).toBeUndefined();
    expect(readParams(usual).proxy).toBeUndefined();
    expect(readParams(proxied).proxy).toEqual({
      registry: { kind: "parameters", setting: "ssm:/proxy/clusters", path: "/proxy/clusters" },
      registryKey: undefined,
      authentication: undefined,
      reservedNames: [],
      assumeRoles: [],
      reservedConcurrency: 50,
      watchSeconds: 240,
    });
  });

  test.each([
    ["ssm:/admission/clusters", "ssm:/admission/clusters/"],
    ["ssm:/admission/clusters", "ssm:/admission"],
    ["ssm:/admission/clusters", "ssm:/admission/clusters/proxy"],
    ["secretsmanager:clusters", "secretsmanager:clusters"],
    [`secretsmanager:${secret}`, "secretsmanager:admission"],
  ])("may not share the webhook's registry: %s and %s", (registry, proxyRegistry) => {
    expect(() => readParams({ ...proxied, registry, proxyRegistry })).toThrow(
      `param proxyRegistry is "${proxyRegistry}"; it must be apart from the webhook's registry, ${registry}`,
    );
  });

  test.each([
    ["ssm:/admission/clusters", "ssm:/admission/clusters-of-the-proxy"],
    ["secretsmanager:clusters", "secretsmanager:clusters-proxy"],
    ["secretsmanager:clusters", "ssm:/clusters"],
  ])("may have a registry beside the webhook's: %s and %s", (registry, proxyRegistry) => {
    expect(readParams({ ...proxied, registry, proxyRegistry }).proxy?.registry.setting).toBe(proxyRegistry);
  });

  test.each([
    ["file:/opt/registry", "secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH"],
    ["ssm:/*", "secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH"],
  ])("may not have its registry at %s", (proxyRegistry, message) => {
    expect(() => readParams({ ...proxied, proxyRegistry })).toThrow(message);
  });

  test("may have issuers, beside both registries, and reserved names for their tokens", () => {
    const { authentication, reservedNames } =
      readParams({
        ...{ ...proxied, registry: "ssm:/admission", proxyAuthentication: "ssm:/proxy/issuers/" },
        proxyReservedNames: "system:masters, system:nodes",
      }).proxy ?? expect.unreachable();
    expect(authentication).toEqual({ kind: "parameters", setting: "ssm:/proxy/issuers/", path: "/proxy/issuers" });
    expect(reservedNames).toEqual(["system:masters", "system:nodes"]);
  });

  test.each<[what: string, params: Params, message: string]>([
    [
      "the webhook's registry",
      { proxyAuthentication: "ssm:/admission/clusters/issuers" },
      'param proxyAuthentication is "ssm:/admission/clusters/issuers"; it must be apart from the registry ssm:/admission/clusters',
    ],
    [
      "above its own registry",
      { proxyAuthentication: "ssm:/proxy" },
      'param proxyAuthentication is "ssm:/proxy"; it must be apart from the registry ssm:/proxy/clusters',
    ],
    [
      "a layer",
      { proxyAuthentication: "file:/opt/issuers" },
      'param proxyAuthentication is "file:/opt/issuers"; it must be secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH',
    ],
    ["a wildcard", { proxyAuthentication: "ssm:/*" }, 'param proxyAuthentication is "ssm:/*"; it must be'],
    [
      "names that are not reserved",
      { proxyAuthentication: "ssm:/issuers", proxyReservedNames: "admins" },
      'param proxyReservedNames is "admins"; it must be names that begin with system:, separated by commas',
    ],
    [
      "reserved names without issuers",
      { proxyReservedNames: "system:masters" },
      'param proxyReservedNames is "system:masters"; it must be empty without proxyAuthentication',
    ],
  ])("may not have its issuers at %s", (_, params, message) => {
    expect(() => readParams({ ...proxied, ...params })).toThrow(message);
  });

  test("ends watches before the gateway does", () => {
    expect(() => readParams({ ...proxied, proxyWatchSeconds: "300" })).toThrow(
      'param proxyWatchSeconds is "300"; it must be a whole number from 1 to 290',
    );
  });
});

describe("a registry", () => {
  test.each([
    ["secretsmanager:admission/registry", { kind: "secret", secret: "admission/registry" }],
    [`secretsmanager:${secret}`, { kind: "secret", secret }],
    ["ssm:/admission/clusters", { kind: "parameters", path: "/admission/clusters" }],
    ["ssm:/admission/clusters/", { kind: "parameters", path: "/admission/clusters" }],
  ])("may be %s", (setting, registry) => {
    expect(readParams({ ...usual, registry: setting }).registry).toEqual({ setting, ...registry });
  });

  test("may be a file in a layer, with registryLayers", () => {
    const setting = "file:/opt/registry/kubeconfig";
    const registryLayers = "arn:aws:lambda:eu-west-1:123456789012:layer:registry:7";
    expect(readParams({ ...usual, registry: setting, registryLayers }).registry).toEqual({ setting, kind: "file" });
    expect(() => readParams({ ...usual, registry: setting })).toThrow(
      "param registryLayers is []; it must be the ARN of the layer that holds the registry file:/opt/registry/kubeconfig",
    );
  });

  test("has no default, so a deployment without it fails", () => {
    expect(() => readParams({ ...usual, registry: "" })).toThrow(
      "param registry is missing; give --param registry=ssm:/PATH, or another of file:/opt/PATH, secretsmanager:NAME,",
    );
  });

  test.each([
    "file:",
    "file:kubeconfig",
    "file:/var/task/kubeconfig",
    "/opt/registry/kubeconfig",
    "s3://bucket/key",
    "secretsmanager:*",
    "secretsmanager:admission/?",
    `secretsmanager:${secret}*`,
    `secretsmanager:${secret.replace(/-\w+$/, "")}`,
    "ssm:/",
    "ssm:admission",
    "ssm:/*",
    "ssm:/admission/*",
    "ssm:/${AWS::AccountId}",
  ])("may not be %j", (registry) => {
    expect(() => readParams({ ...usual, registry })).toThrow(
      `param registry is ${JSON.stringify(registry)}; it must be file:/opt/PATH, secretsmanager:NAME,`,
    );
  });
});

test("reservedConcurrency none reserves no concurrency", () => {
  expect(readParams({ ...usual, reservedConcurrency: "none" }).reservedConcurrency).toBeUndefined();
});

describe("the web ACL's rate", () => {
  test.each([
    [100, "", 1500],
    [1, "", 15],
    [10_000, "", 150_000],
    [100, 2999, 2999],
  ])("throttleRate %j, wafRate %j: %j calls a minute to one path", (throttleRate, wafRate, rate) => {
    expect(readParams({ ...usual, throttleRate, wafRate }).wafRate).toBe(rate);
  });

  test.each([3000, 10_000])("%j is refused where the gateway throttles 100 calls a second", (wafRate) => {
    expect(() => readParams({ ...usual, wafRate })).toThrow(
      `param wafRate is ${wafRate}; it must be below 3000, half of the calls that throttleRate allows in a minute`,
    );
  });
});

describe("a wrong parameter is named", () => {
  test.each<[string, unknown, string]>([
    [
      "assumeRoles",
      `${role},arn:aws:iam::123456789012:role/*`,
      "ARNs of roles, without wildcards, separated by commas",
    ],
    ["assumeRoles", "*", "ARNs of roles"],
    ["registryKey", "alias/registry", "the ARN of a KMS key"],
    ["registryLayers", "arn:aws:lambda:eu-west-1:123456789012:layer:registry", "ARNs of layer versions"],
    ["subnetIds", "subnet-01234567", "given together with securityGroupIds"],
    ["securityGroupIds", "default", "ids of security groups"],
    ["reservedConcurrency", 0, 'a whole number from 1 to 10000 or "none"'],
    ["reservedConcurrency", "many", 'a whole number from 1 to 10000 or "none"'],
    ["throttleRate", 0.5, "a whole number from 1 to 10000"],
    ["throttleBurst", -1, "a whole number from 1 to 5000"],
    ["registryMaxAge", 3601, "a whole number from 1 to 3600"],
    ["registryDeadAge", 599, "a whole number from 600 to 999999"],
    ["warmClusters", 11, "a whole number from 0 to 10"],
    ["logRetentionInDays", 31, "one of 1, 3, 5, 7,"],
    ["logRetentionInDays", "", "a whole number from 1 to 3653"],
    ["alarmTopic", "on-call", "the ARN of an SNS topic"],
    ["vpcEndpointIds", "vpc-01234567", "ids of VPC endpoints"],
    ["wafRate", 9, "a whole number from 10 to 2000000000"],
  ])("%s: %j", (name, value, what) => {
    expect(() => readParams({ ...usual, [name]: value })).toThrow(
      `param ${name} is ${JSON.stringify(value)}; it must be ${what}`,
    );
  });
});
