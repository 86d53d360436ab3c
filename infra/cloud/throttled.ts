import { namespace } from "../../functions/telemetry/metrics.ts";
import { ref, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";

/** Calls that the gateway turned away itself (429). It has no metric of its own for them, so they are counted in its access log. */
export const throttled = { name: "ThrottledCalls", dimension: "api", field: "$.api" } as const;

export function throttledFilter({ accessLog }: FrontDoor): Template {
  return {
    ThrottledCallsFilter: {
      Type: "AWS::Logs::MetricFilter",
      Properties: {
        LogGroupName: ref(accessLog),
        FilterPattern: '{ $.status = "429" }',
        MetricTransformations: [
          {
            MetricNamespace: namespace,
            MetricName: throttled.name,
            MetricValue: "1",
            Unit: "Count",
            Dimensions: [{ Key: throttled.dimension, Value: throttled.field }],
          },
        ],
      },
    },
  };
}
