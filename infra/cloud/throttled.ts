import { namespace } from "../../functions/telemetry/metrics.ts";
import { ref, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";

/** Calls that the gateway itself throttled (429). The gateway has no metric for them, so a filter counts them in the access log. */
export const throttled = { name: "ThrottledCalls", dimension: "api", field: "$.api" } as const;

export function throttledFilter({ accessLog }: FrontDoor): Template {
  return {
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
  };
}
