import { describe, expect, test } from "vitest";
import { alarms } from "../../../../infra/cloud/alarms.ts";
import { readParams } from "../../../../infra/cloud/params.ts";

const door = {
  api: "Api",
  accessLog: "Log",
  metrics: { serverErrors: "", clientErrors: "", latency: "" },
  dimensions: {},
};

interface Properties {
  readonly Threshold: number;
  readonly Metrics: readonly { readonly Id: string; readonly Expression?: string }[];
}

const alarm = (name: string, registryMaxAge = 300): Properties => {
  const given = { registry: "ssm:/clusters", registryMaxAge, reservedConcurrency: "none", logRetentionInDays: 30 };
  const settings = readParams({ ...given, throttleRate: 100, throttleBurst: 200 });
  return (alarms(settings, door)[`${name}Alarm`] as { readonly Properties: Properties }).Properties;
};

/** The value of a CloudWatch metric math expression over two metrics; undefined is a metric without data. */
const mathOf = (expression: string, failures: number | undefined, decisions: number | undefined): number => {
  const functions = {
    IF: (condition: boolean, one: number, other: number) => (condition ? one : other),
    FILL: (value: number | undefined, other: number) => value ?? other,
  };
  const names = [...Object.keys(functions), "failures", "decisions"];
  return new Function(...names, `return ${expression}`)(...Object.values(functions), failures, decisions);
};

describe("DeniedByError", () => {
  const { Metrics, Threshold } = alarm("DeniedByError");
  const expression = Metrics.find(({ Id }) => Id === "rate")?.Expression ?? expect.unreachable();

  test.each<[string, number, number | undefined, boolean]>([
    ["two failures are not enough", 2, 2, false],
    ["a share of 3 %", 3, 100, false],
    ["a share of 6 %", 6, 100, true],
    ["one broken cluster of a fleet of a hundred", 20, 2_000, true],
    ["the function's own code fails before it decides anything", 3, undefined, true],
  ])("%s: %j failures of %j reviews: %j", (_, failures, decisions, rings) => {
    expect(mathOf(expression, failures, decisions) > Threshold).toBe(rings);
  });
});

test.each([1, 300, 3600])(
  "RegistryStale can ring where registryMaxAge is %j: instances live for hours, not for days",
  (registryMaxAge) => {
    const { Threshold } = alarm("RegistryStale", registryMaxAge);
    expect(Threshold).toBeGreaterThan(registryMaxAge);
    expect(Threshold).toBeLessThanOrEqual(2 * 3600);
  },
);
