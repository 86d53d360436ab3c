import { proxyFunction, ref, sub, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";
import { proxyRole } from "./permissions.ts";
import { proxyAlarms } from "./proxy-alarms.ts";
import { longestAnswer, proxyApi } from "./proxy-api.ts";
import { proxyDashboard } from "./proxy-dashboard.ts";
import { stageName } from "./rest-api.ts";
import { throttledFilter } from "./throttled.ts";

const door: FrontDoor = {
  api: "ProxyApi",
  accessLog: "ProxyApiLogGroup",
  metrics: { serverErrors: "5XXError", clientErrors: "4XXError", latency: "Latency" },
  dimensions: { ApiName: `\${${proxyFunction}}`, Stage: stageName },
};

const role = "ProxyRole";

/** The function of the impersonating proxy, as serverless.yml describes one; null where no `proxyRegistry` asks for it. */
export function proxyFunctionOf({ proxy, registryMaxAge, registryDeadAge, warmClusters }: DeploymentSettings) {
  if (proxy === undefined) return null;
  return {
    description: "Impersonating API proxy - passes requests on to API servers as the user that sent them.",
    handler: "dist/proxy-lambda.handler",
    // osls would add a redundant dependency for a logical id.
    role: sub(`\${${role}.Arn}`),
    timeout: longestAnswer,
    ...(proxy.reservedConcurrency !== undefined && { reservedConcurrency: proxy.reservedConcurrency }),
    environment: {
      PROXY_REGISTRY: proxy.registry.setting,
      ...(proxy.authentication && { PROXY_AUTHENTICATION: proxy.authentication.setting }),
      ...(proxy.reservedNames.length > 0 && { PROXY_RESERVED_NAMES: proxy.reservedNames.join(",") }),
      REGISTRY_MAX_AGE: String(registryMaxAge),
      REGISTRY_DEAD_AGE: String(registryDeadAge),
      WARM_CLUSTERS: String(warmClusters),
      PROXY_WATCH_SECONDS: String(proxy.watchSeconds),
      UV_THREADPOOL_SIZE: "32",
    },
    package: { patterns: ["dist/oidc.js", "dist/proxy-function.js", "dist/proxy-lambda.mjs"] },
  };
}

/** The resources beside that function. */
export function proxyResources(settings: DeploymentSettings): Template {
  const { proxy } = settings;
  if (proxy === undefined) return {};
  return {
    [role]: proxyRole(settings, proxy),
    ...proxyApi(settings),
    ProxyThrottledCallsFilter: throttledFilter(door),
    ...proxyAlarms(settings, door),
    ProxyDashboard: proxyDashboard(door),
  };
}

/** @param host the first part of the URL */
export function proxyOutputs({ proxy }: DeploymentSettings, host: string): Template {
  if (proxy === undefined) return {};
  return {
    ProxyFunctionName: {
      Description: "Name of the proxy's function and of its dashboard; the names of its alarms begin with it",
      Value: ref(proxyFunction),
    },
    ProxyRoleArn: {
      Description: "ARN of the proxy's role, for access entries of EKS and for the trust policies of proxyAssumeRoles",
      Value: { "Fn::GetAtt": [role, "Arn"] },
    },
    ProxyLogGroupName: { Description: "Name of the proxy's log group", Value: ref("ProxyLogGroup") },
    ProxyUrl: {
      Description: "Server of a cluster in a kubeconfig; insert the cluster's name",
      Value: sub(`${host}.\${AWS::Region}.\${AWS::URLSuffix}/${stageName}/k8s/clusters/CLUSTER`),
    },
  };
}
