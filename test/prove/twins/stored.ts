import type { Pair } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import { privilegedValues, type Vocabulary } from "../worlds/vocabulary.ts";
import { declaring, oddParents, oddValues, podsOf } from "./parts.ts";
import { annotation, type Stored } from "./write.ts";

/** Lists of objects that a controller deletes: as controllers write them, and in odd forms. */
export const childrenLists = [
  { "/api/v1/namespaces/a/configmaps/b": { "deploy.razee.io/Reconcile": "true" } },
  { a: "b" },
  {},
  "a",
  { a: { b: "#1" } },
  { a: { b: { c: "d" } } },
  ["a"],
] as const;

/** Objects for updates, each with an identity that is safe to store. */
export const storedOf = (random: Random, { prefix }: Vocabulary, pairs: readonly Pair[]): readonly Stored[] => {
  const safe = [...new Set(pairs.map(({ declared }) => declared))].filter((name) => /^[!-~]([ -~]*[!-~])?$/.test(name));
  return random.some(safe, 12, 12).map((declared, index) => {
    if (index % 6 === 5)
      return {
        kind: "Deployment",
        name: `${prefix}-${index}`,
        spec: podsOf(prefix),
        ...(random.chance(0.7) ? { annotations: { [annotation]: declared } } : {}),
      };
    const kind = index % 2 === 0 ? "MustacheTemplate" : "FeatureFlagSetLD";
    const plain = { greeting: "hello", count: "#1", big: "#9007199254740993" };
    return {
      kind,
      name: `${prefix}-${index}`,
      spec: { ...(kind === "MustacheTemplate" ? { strTemplates: ["a"] } : plain), ...declaring(declared) },
      ...(random.chance(0.6) ? { status: { phase: "new", children: random.pick(childrenLists) } } : {}),
    };
  });
};

/** Objects that no guard let in: they were there before it. */
export const unguarded: readonly Stored[] = [
  ...([undefined, null, "bob", ["bob"], {}] as const).map((spec) => ({ spec })),
  ...oddParents.map((clusterAuth) => ({ spec: { clusterAuth } })),
  ...[...oddValues, "bob ", "zo\u00eb", "bob\u202e", "carl", ...privilegedValues].map((value) => ({
    spec: { greeting: "hello", ...declaring(value) },
  })),
].map(({ spec }, index) => ({
  kind: "FeatureFlagSetLD",
  name: `unguarded-${index}`,
  ...(spec === undefined ? {} : { spec }),
  ...(index % 2 === 0 ? { status: { phase: "new", children: childrenLists[0] } } : {}),
}));
