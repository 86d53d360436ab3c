import { alarms } from "./alarms.ts";
import type { Template } from "./cloudformation.ts";
import { dashboard } from "./dashboard.ts";
import type { FrontDoor } from "./front-door.ts";
import { outputs } from "./outputs.ts";
import type { DeploymentSettings } from "./params.ts";
import { roleExtension } from "./permissions.ts";
import { proxyOutputs, proxyResources } from "./proxy.ts";
import { throttledFilter } from "./throttled.ts";

/** The HTTP API that osls creates for the function's `httpApi` event. */
const door: FrontDoor = {
  api: "HttpApi",
  accessLog: "HttpApiLogGroup",
  metrics: { serverErrors: "5xx", clientErrors: "4xx", latency: "Latency" },
  dimensions: { ApiId: "${HttpApi}" },
};

const url = "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}";

/** The resources beside the function in the public variant, where the gateway accepts calls from every address. */
export function publicResources(settings: DeploymentSettings): Template {
  return {
    extensions: {
      ...roleExtension(settings),
      HttpApiStage: {
        Properties: {
          DefaultRouteSettings: {
            DetailedMetricsEnabled: false,
            ThrottlingRateLimit: settings.throttleRate,
            ThrottlingBurstLimit: settings.throttleBurst,
          },
        },
      },
    },
    Resources: {
      ThrottledCallsFilter: throttledFilter(door),
      ...alarms(settings, door),
      ...dashboard(door),
      ...proxyResources(settings),
    },
    Outputs: { ...outputs(url), ...proxyOutputs(settings, "https://${ProxyApi}.execute-api") },
  };
}
