import * as v from "valibot";
import { isObject } from "../meta/json.ts";
import { presets } from "../presets/index.ts";
import { checkedTarget, checkTargets } from "./check-targets.ts";
import { formatSegments } from "./path.ts";
import type { Policy, Target } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import { type PresetText, policySchema, targetSchema } from "./policy-schema.ts";

/**
 * Reads and checks a policy, from the parsed content of a JSON or YAML file.
 *
 * @example readPolicy({ name: "razee", targets: [{ preset: "razee" }] }).enforcement // "enforce"
 * @throws PolicyError naming the place, the value and the fix
 */
export function readPolicy(value: unknown): Policy {
  const refuse = (place: string, what: string): never => {
    const called = isObject(value) && typeof value["name"] === "string" ? ` ${value["name"]}:` : "";
    throw new PolicyError(`policy${called}${place && ` ${place}`} ${what}`);
  };
  const read = v.safeParse(policySchema, value);
  if (!read.success) {
    const { path = [], message } = read.issues[0];
    return refuse(formatSegments(path.map(({ key }) => key as string | number)), message);
  }
  const policy = read.output;
  const targets = policy.targets.map((entry, index): Target => {
    const text = "preset" in entry ? v.parse(targetSchema, presetText(entry)) : entry;
    return checkedTarget(text, (place, what) => refuse(`targets[${index}].${place}`, what));
  });
  checkTargets(targets, refuse);
  return { ...policy, targets };
}

/** The target that a preset stands for, as a policy file would write it. */
const presetText = ({ preset, controller, ...choices }: PresetText): object => ({
  ...presets[preset](controller),
  ...choices,
});
