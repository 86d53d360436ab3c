import * as v from "valibot";
import { isObject } from "../identity/json.ts";
import { checkedTarget, checkTargets } from "./check-targets.ts";
import { formatKeys } from "./path.ts";
import type { Policy, Target } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import { type PresetText, policySchema } from "./policy-schema.ts";
import { presets } from "./presets.ts";

/**
 * Reads a policy from what a JSON or YAML file holds, and checks it.
 *
 * @example readPolicy({ name: "razee", targets: [{ preset: "razee" }] })
 * @throws PolicyError naming the place, the value and the fix
 */
export const readPolicy = (value: unknown): Policy => {
  const refuse = (place: string, what: string): never => {
    const called = isObject(value) && typeof value["name"] === "string" ? ` ${value["name"]}:` : "";
    throw new PolicyError(`policy${called}${place && ` ${place}`} ${what}`);
  };
  const read = v.safeParse(policySchema, value);
  if (!read.success) {
    const { path = [], message } = read.issues[0];
    return refuse(formatKeys(path.map(({ key }) => key as string | number)), message);
  }
  const targets = read.output.targets.map((entry, index) =>
    "preset" in entry
      ? presetTarget(entry)
      : checkedTarget(entry, (place, what) => refuse(`targets[${index}].${place}`, what)),
  );
  checkTargets(targets, refuse);
  return { ...read.output, targets };
};

const presetTarget = ({ preset, controller, ...choices }: PresetText): Target => ({
  ...presets[preset](controller),
  ...choices,
});
