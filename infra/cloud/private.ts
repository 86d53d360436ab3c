import { alarms } from "./alarms.ts";
import { admissionFunction, type Template } from "./cloudformation.ts";
import { dashboard } from "./dashboard.ts";
import { firewall, firewallName } from "./firewall.ts";
import type { FrontDoor } from "./front-door.ts";
import { outputs } from "./outputs.ts";
import type { DeploymentSettings } from "./params.ts";
import { roleExtension } from "./permissions.ts";
import { privateApi } from "./private-api.ts";
import { proxyOutputs, proxyResources } from "./proxy.ts";
import { stageName } from "./rest-api.ts";
import { throttledFilter } from "./throttled.ts";

const door: FrontDoor = {
  api: "PrivateApi",
  accessLog: "PrivateApiLogGroup",
  metrics: { serverErrors: "5XXError", clientErrors: "4XXError", latency: "Latency" },
  dimensions: { ApiName: `\${${admissionFunction}}`, Stage: stageName },
  firewall: firewallName,
};

/** The resources beside the function in the private variant, where only VPC endpoints lead to the gateway. */
export function privateResources(settings: DeploymentSettings): Template {
  const [endpoint] = settings.vpcEndpointIds;
  if (endpoint === undefined)
    throw new Error("param vpcEndpointIds is empty; it must be the ids of the VPC endpoints that may call");
  // A name of this form is public and resolves to the addresses of the endpoint (API Gateway, "Invoke a private API using a Route53 alias").
  const url = `https://\${PrivateApi}-${endpoint}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/${stageName}`;
  return {
    extensions: roleExtension(settings),
    Resources: {
      ...privateApi(settings),
      ...firewall(settings),
      ThrottledCallsFilter: throttledFilter(door),
      ...alarms(settings, door),
      ...dashboard(door),
      ...proxyResources(settings),
    },
    Outputs: { ...outputs(url), ...proxyOutputs(settings, `https://\${ProxyApi}-${endpoint}.execute-api`) },
  };
}
