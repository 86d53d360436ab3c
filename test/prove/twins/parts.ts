import { narrowingKey, type Person } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import { privilegedValues, type Vocabulary } from "../worlds/vocabulary.ts";
import type { Kind, Write } from "./write.ts";

/** Invalid names, and values that count as empty. Numbers stand as `"#1"`. */
export const oddValues = [null, "", "#5", "#1.5", true, ["bob"], [], {}, { name: "bob" }] as const;
/** What a name may not stand in. */
export const oddParents = [null, "bob", ["bob"], [], "#0", false] as const;

/** A part of a spec. */
export const declaring = (impersonateUser: unknown) => ({ clusterAuth: { impersonateUser } });

/** The one without a schema is served in two, of which the older has no status subresource. */
export const versionOf = (random: Random, kind: Kind): Write["version"] => {
  if (kind === "Deployment") return "v1";
  return kind === "FeatureFlagSetLD" && random.chance(0.3) ? "v1alpha1" : "v1alpha2";
};

/** The spec of a Deployment. */
export const podsOf = (app: string) => ({
  replicas: "#1",
  selector: { matchLabels: { app } },
  template: { metadata: { labels: { app } }, spec: { containers: [{ name: "a", image: "a" }] } },
});

/** The account that privileged values stand for. */
export const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";
/** A controller that may write the status. */
export const statusWriter = "system:serviceaccount:prove:status-writer";

/** Some more of those whose own name cannot simply be written, or whose credential is less than they are. */
export const special = (random: Random, words: Vocabulary, person: Person): Person => {
  const chance = random.below(100);
  const narrowed = { ...person, extra: { ...person.extra, [narrowingKey]: ["user:info"] } };
  const named = (name: string): Person => ({ ...person, name, groups: [...person.groups, `${words.prefix}-team`] });
  if (chance < 5) return named(random.pick(privilegedValues));
  if (chance < 10) return named(random.pick(words.unsafeUsers.filter((name) => !/\t|^ | $/.test(name))));
  if (chance < 14) return named(controller);
  if (chance < 18) return named(statusWriter);
  return chance < 28 ? narrowed : person;
};
