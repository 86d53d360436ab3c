import type { Pair } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import { privilegedValues, type Vocabulary } from "../worlds/vocabulary.ts";
import { declaring, oddParents, oddValues, podsOf, special, versionOf } from "./parts.ts";
import { type Annotations, annotation, type Case, type Kind } from "./write.ts";

/** Other members of a spec, which must not change in transit. */
const members = (random: Random, kind: Kind): object =>
  kind === "MustacheTemplate"
    ? random.pick([{}, { strTemplates: ["a: {{ b }}", ""] }, { env: [{ name: "n", value: "#9007199254740993" }] }])
    : random.pick([{}, { big: "#9007199254740993", fraction: "#0.1" }, { nothing: null, list: [[], {}, null] }]);

/** What a name may end in that no header carries, or that some languages take for the end of a line, or for nothing. */
const edges = ["\n", "\u0000", "\u007f", "\u0085", "\u00a0", "\u2028", "\ud800", "\ufeff"] as const;
/** What objects of some languages have from the start. */
const inherited = ["constructor", "__proto__", "toString"] as const;

/** A name that is odd as a text. */
const oddName = (random: Random, declared: string): string =>
  random.pick([
    `${declared}-${"x".repeat(random.pick([300, 600, 20_000]))}`,
    `${declared}${random.pick(edges)}`,
    `${random.pick(edges)}${declared}`,
    random.pick(inherited),
  ]);

/** The spec of an object that declares an identity, or is odd in one of many ways; undefined for no spec. */
const specOf = (random: Random, kind: Kind, declared: string): unknown => {
  const more = members(random, kind);
  const chance = random.below(100);
  if (chance < 68) return { ...more, ...declaring(declared) };
  if (chance < 73) return more;
  if (chance < 77) return { ...more, clusterAuth: {} };
  if (chance < 86) return { ...more, ...declaring(random.pick(oddValues)) };
  if (chance < 90) return { ...more, ...declaring(oddName(random, declared)) };
  if (chance < 96) return { ...more, clusterAuth: random.pick(oddParents) };
  // The one with a schema takes nothing but an object.
  return kind === "MustacheTemplate" ? {} : random.pick([undefined, ...oddParents]);
};

/** Annotations, which are strings, with or without a declared identity. */
export const annotating = (random: Random, declared: string): Annotations => {
  const chance = random.below(10);
  if (chance < 6) return { [annotation]: declared };
  return chance < 8 ? { other: "yes" } : { [annotation]: random.pick(["", oddName(random, declared)]) };
};

/** A user creates an object that names an identity. */
export const createOf = (random: Random, words: Vocabulary, pair: Pair): Case => {
  const requester = special(random, words, pair.requester);
  const chance = random.below(100);
  const own = pair.declared === pair.requester.name || chance < 6;
  const declared = own ? requester.name : chance < 16 ? random.pick(privilegedValues) : pair.declared;
  const kind = random.pick([
    "MustacheTemplate",
    "FeatureFlagSetLD",
    "MustacheTemplate",
    "FeatureFlagSetLD",
    "Deployment",
  ] as const);
  const write = { sort: "create", kind, version: versionOf(random, kind), name: "prove" } as const;
  if (kind === "Deployment")
    return {
      requester,
      write: {
        ...write,
        what: "annotation",
        by: "post",
        annotations: annotating(random, declared),
        spec: podsOf("prove"),
      },
    };
  // A server-side apply must fit the schema before admission.
  return random.chance(0.1)
    ? {
        requester,
        write: { ...write, what: "apply", by: "apply", spec: { ...members(random, kind), ...declaring(declared) } },
      }
    : { requester, write: { ...write, what: "create", by: "post", spec: specOf(random, kind, declared) } };
};
