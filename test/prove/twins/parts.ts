import { narrowingKey, type Person } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import { privilegedValues, type Vocabulary } from "../worlds/vocabulary.ts";
import type { Kind, Write } from "./write.ts";

/** What is no name, and what stands for none. Numbers stand as `"#1"`. */
export const oddValues = [null, "", "#5", "#1.5", true, ["bob"], [], {}, { name: "bob" }] as const;
/** What a name may not stand in. */
export const oddParents = [null, "bob", ["bob"], [], "#0", false] as const;

/** A part of a spec. */
export const declaring = (impersonateUser: unknown) => ({ clusterAuth: { impersonateUser } });

/** The one without a schema is served in two. */
export const versionOf = (random: Random, kind: Kind): Write["version"] =>
  kind === "FeatureFlagSetLD" && random.chance(0.2) ? "v1alpha1" : "v1alpha2";

/** Some more of those whose own name cannot simply be written, or whose credential is less than they are. */
export const special = (random: Random, words: Vocabulary, person: Person): Person => {
  const chance = random.below(100);
  const narrowed = { ...person, extra: { ...person.extra, [narrowingKey]: ["user:info"] } };
  const named = (name: string): Person => ({ ...person, name, groups: [...person.groups, `${words.prefix}-team`] });
  if (chance < 5) return named(random.pick(privilegedValues));
  if (chance < 10) return named(random.pick(words.unsafeUsers.filter((name) => !/\t|^ | $/.test(name))));
  return chance < 20 ? narrowed : person;
};
