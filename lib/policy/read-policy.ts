import * as v from "valibot";
import { isObject, type JsonObject } from "../meta/json.ts";
import { type PresetOption, type PresetTarget, presets, targetsOf } from "../presets/index.ts";
import { checkedTarget, checkTargets } from "./check-targets.ts";
import { formatSegments } from "./path.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import { type PresetText, policySchema, type TargetText, targetSchema } from "./policy-schema.ts";

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
  const placed = policy.targets.flatMap((entry, index): readonly PlacedTarget[] =>
    "preset" in entry
      ? presetTargets(entry).map((target) => ({
          place: `targets[${index}] (${entry.preset}: ${target.resources[0]})`,
          text: v.parse(targetSchema, target),
        }))
      : [{ place: `targets[${index}]`, text: entry }],
  );
  const targets = placed.map(({ place, text }) => ({
    place,
    target: checkedTarget(text, (member, what) => refuse(`${place}.${member}`, what)),
  }));
  checkTargets(targets, refuse);
  return { ...policy, targets: targets.map(({ target }) => target) };
}

/** The text of a target, and its place as the user wrote it. */
interface PlacedTarget {
  readonly place: string;
  readonly text: TargetText;
}

const presetTargets = ({ preset, ...options }: PresetText): readonly PresetTarget[] =>
  targetsOf<Readonly<Record<string, PresetOption>>>(presets[preset], options as Readonly<Record<string, string>>);

/**
 * The text of a policy with the targets of each preset in its place. It is the same policy for `readPolicy`.
 *
 * @throws PolicyError as `readPolicy` does
 */
export function withoutPresets(value: unknown): JsonObject {
  readPolicy(value);
  const { targets, ...policy } = value as JsonObject & { readonly targets: readonly (JsonObject | PresetText)[] };
  return {
    ...policy,
    targets: targets.flatMap((entry): readonly object[] =>
      Object.hasOwn(entry, "preset") ? presetTargets(entry as PresetText) : [entry],
    ),
  };
}
