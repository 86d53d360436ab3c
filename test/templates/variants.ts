import type { Variant } from "./packaged.ts";

const account = "123456789012";
export const role = `arn:aws:iam::${account}:role/admission-reader`;
export const key = `arn:aws:kms:eu-west-1:${account}:key/11111111-2222-3333-4444-555555555555`;
export const secret = `arn:aws:secretsmanager:us-east-2:${account}:secret:admission/registry-AbCdEf`;
export const proxyRole = `arn:aws:iam::${account}:role/proxy-reader`;
export const proxySecret = `arn:aws:secretsmanager:eu-west-1:${account}:secret:proxy/registry-GhIjKl`;
export const topic = `arn:aws:sns:eu-west-1:${account}:on-call`;
export const layer = `arn:aws:lambda:eu-west-1:${account}:layer:registry:7`;
export const endpoints = ["vpce-0123456789abcdef0", "vpce-0123456789abcdef1"];
export const subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
export const securityGroup = "sg-0123456789abcdef0";
const registry = "ssm:/admission/clusters/";

/** The checked deployments, named after their special settings. */
export const variants = {
  "as it comes": { config: "serverless.yml", params: { registry } },
  "a layer": {
    config: "serverless.yml",
    params: {
      registry: "file:/opt/registry/kubeconfig",
      registryLayers: layer,
      throttleRate: "7",
      throttleBurst: "9",
    },
  },
  "a secret, in a VPC, with everything": {
    config: "serverless.yml",
    params: {
      registry: "secretsmanager:admission/registry",
      registryKey: key,
      assumeRoles: role,
      subnetIds: subnets.join(","),
      securityGroupIds: securityGroup,
      reservedConcurrency: "12",
      logRetentionInDays: "365",
      alarmTopic: topic,
    },
  },
  "parameters, with a key of one's own": { config: "serverless.yml", params: { registry, registryKey: key } },
  "a new account": { config: "serverless.yml", params: { registry, reservedConcurrency: "none" } },
  "a private API, in a VPC": {
    config: "serverless.private.yml",
    params: {
      registry,
      vpcEndpointIds: endpoints.join(","),
      subnetIds: subnets.join(","),
      securityGroupIds: securityGroup,
      throttleRate: "20",
    },
  },
  "a private API, a secret elsewhere": {
    config: "serverless.private.yml",
    params: {
      vpcEndpointIds: endpoints.join(","),
      registry: `secretsmanager:${secret}`,
      registryKey: key,
      wafRate: "50",
    },
  },
  "with the proxy": {
    config: "serverless.yml",
    params: {
      registry,
      proxyRegistry: "ssm:/proxy/clusters/",
      proxyRegistryKey: key,
      proxyAuthentication: "secretsmanager:proxy/issuers",
      proxyReservedNames: "system:masters,system:nodes",
      proxyAssumeRoles: proxyRole,
      alarmTopic: topic,
    },
  },
  "a private API, with the proxy, in a VPC": {
    config: "serverless.private.yml",
    params: {
      registry: "secretsmanager:admission/registry",
      proxyRegistry: `secretsmanager:${proxySecret}`,
      proxyAuthentication: "ssm:/proxy/issuers",
      proxyReservedConcurrency: "none",
      proxyWatchSeconds: "60",
      vpcEndpointIds: endpoints.join(","),
      subnetIds: subnets.join(","),
      securityGroupIds: securityGroup,
    },
  },
} as const satisfies Readonly<Record<string, Variant>>;

export type Name = keyof typeof variants;
export const names = Object.keys(variants) as readonly Name[];
