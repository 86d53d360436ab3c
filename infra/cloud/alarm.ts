import { everywhere, type Metric, namespace } from "../../functions/telemetry/metrics.ts";
import { ref, sub, type Template } from "./cloudformation.ts";
import type { FrontDoor } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";
import { throttled } from "./throttled.ts";

/** An alarm. The docs have a heading of the same name with the next steps. */
export interface Alarm {
  readonly name: string;
  readonly description: string;
  /** A metric, or an expression over several metrics. */
  readonly metric: Template;
  readonly threshold: number;
  /** The number of the last five-minute periods that must be above the threshold. */
  readonly periods: readonly [breaching: number, of: number];
}

export const period = 300;

/** A metric of a function's log. */
export function ownMetric(functionId: string, name: Metric, statistic: string): Template {
  return {
    Namespace: namespace,
    MetricName: name,
    Dimensions: [{ Name: everywhere, Value: ref(functionId) }],
    ...(statistic.startsWith("p") ? { ExtendedStatistic: statistic } : { Statistic: statistic }),
    Period: period,
  };
}

/** A metric that Lambda has of a function. */
export function lambdaMetric(functionId: string, name: string): Template {
  return {
    Namespace: "AWS/Lambda",
    MetricName: name,
    Dimensions: [{ Name: "FunctionName", Value: ref(functionId) }],
    Statistic: "Sum",
    Period: period,
  };
}

/** The calls that the gateway throttled. */
export function throttledMetric({ api }: FrontDoor): Template {
  return {
    Namespace: namespace,
    MetricName: throttled.name,
    Dimensions: [{ Name: throttled.dimension, Value: ref(api) }],
    Statistic: "Sum",
    Period: period,
  };
}

/** The calls that the gateway answered with 5xx. */
export function serverErrorsMetric({ metrics, dimensions }: FrontDoor): Template {
  return {
    Namespace: "AWS/ApiGateway",
    MetricName: metrics.serverErrors,
    Dimensions: Object.entries(dimensions).map(([Name, text]) => ({
      Name,
      Value: text.includes("${") ? sub(text) : text,
    })),
    Statistic: "Sum",
    Period: period,
  };
}

/** The resources of a function's alarms. Missing data does not alarm: an idle function sends no metrics. */
export function alarmResources(
  alarms: readonly Alarm[],
  functionId: string,
  { alarmTopic }: DeploymentSettings,
  docs: string,
): Template {
  return Object.fromEntries(
    alarms.map(({ name, description, metric, threshold, periods: [breaching, of] }) => [
      `${name}Alarm`,
      {
        Type: "AWS::CloudWatch::Alarm",
        Properties: {
          AlarmName: sub(`\${${functionId}} ${name}`),
          AlarmDescription: `${description} See ${docs}.`,
          ...metric,
          ComparisonOperator: "GreaterThanThreshold",
          Threshold: threshold,
          EvaluationPeriods: of,
          DatapointsToAlarm: breaching,
          TreatMissingData: "notBreaching",
          ...(alarmTopic ? { AlarmActions: [alarmTopic], OKActions: [alarmTopic] } : {}),
        },
      },
    ]),
  );
}
