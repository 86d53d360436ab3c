import type { Pair } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import type { Vocabulary } from "../worlds/vocabulary.ts";
import { annotating } from "./creates.ts";
import { declaring, oddValues, special, statusWriter, versionOf } from "./parts.ts";
import { childrenLists, unguarded } from "./stored.ts";
import { annotation, type Case, identityIn, type Stored, type Write } from "./write.ts";

type Change = Pick<Write, "what" | "by" | "labels" | "annotations" | "spec" | "status">;

/** A change of a Deployment, by itself or through its status, which stores annotations too. */
const deploymentOf = (random: Random, declared: string, through: "update" | "status"): Change => {
  const change = { what: `annotation, by ${through}`, by: "merge" } as const;
  const annotations = random.pick<Change["annotations"]>([annotating(random, declared), { [annotation]: null }, {}]);
  const rest = through === "status" ? { status: { replicas: "#2" } } : { spec: { replicas: "#2" } };
  return { ...change, ...(annotations ? { annotations } : {}), ...random.pick<object>([{}, rest]) };
};

/** A change of an object's own. */
const editOf = (random: Random, { kind, spec }: Stored, declared: string): Change => {
  if (kind === "Deployment") return deploymentOf(random, declared, "update");
  const isWhole = typeof spec === "object" && spec !== null && !Array.isArray(spec);
  const labels = { seen: "yes" };
  const edited = kind === "MustacheTemplate" ? { strTemplates: ["b"] } : { greeting: "mine" };
  const chance = random.below(100);
  if (chance < 10) return { what: "label", by: "merge", labels };
  if (chance < 15) return { what: "label, replaced", by: "put", labels, ...(spec === undefined ? {} : { spec }) };
  if (chance < 18) return { what: "nothing", by: "merge", spec: {} };
  if (chance < 38) return { what: "spec", by: "merge", labels, spec: edited };
  if (chance < 44 && isWhole) return { what: "spec, replaced", by: "put", spec: { ...spec, ...edited } };
  if (chance < 62)
    return { what: "field", by: "merge", spec: { ...declaring(declared), ...random.pick<object>([{}, edited]) } };
  if (chance < 68)
    return { what: "field, odd", by: "merge", spec: { clusterAuth: { impersonateUser: random.pick(oddValues) } } };
  if (chance < 78)
    return { what: "removal", by: "merge", spec: random.pick<object>([declaring(null), { clusterAuth: null }]) };
  if (chance < 83) return { what: "replacement", by: "put", spec: { ...edited, ...declaring(declared) } };
  if (chance < 92 || kind === "MustacheTemplate")
    return {
      what: "status through the object",
      by: "merge",
      status: random.pick<object>([{ children: {} }, { children: { a: "c" } }, { phase: "mine" }]),
    };
  return {
    what: "number",
    by: "merge",
    spec: random.pick<object>([
      { count: "#2" },
      { big: "#9007199254740992" },
      { count: "#1.0" },
      { big: "#9007199254740993.0" },
    ]),
  };
};

const statusOf = (random: Random, { kind, spec, status }: Stored, declared: string): Change => {
  if (kind === "Deployment") return deploymentOf(random, declared, "status");
  const children = { "/api/v1/namespaces/kube-system/secrets/token": { "deploy.razee.io/Reconcile": "true" } };
  const chance = random.below(100);
  if (chance < 30) return { what: "status.children", by: "merge", status: { children } };
  if (chance < 40)
    return { what: "status.children, any", by: "merge", status: { children: random.pick([...childrenLists, null]) } };
  if (chance < 50) return { what: "status.children, gone", by: "merge", status: null };
  if (chance < 60)
    return {
      what: "status, replaced",
      by: "put",
      ...(spec === undefined ? {} : { spec }),
      status: { ...status, phase: "b" },
    };
  if (chance < 70) return { what: "spec, ignored", by: "merge", spec: { clusterAuth: null } };
  return { what: "status", by: "merge", status: { phase: "seen" } };
};

/** Somebody, often one who was paired with the identity that the object names, changes a stored object. */
export const updateOf = (
  random: Random,
  words: Vocabulary,
  pairs: readonly Pair[],
  stored: readonly Stored[],
): Case => {
  const before = random.pick(random.chance(0.75) && stored.length > 0 ? stored : unguarded);
  const identity = identityIn(before.kind, before);
  const paired = pairs.filter(({ declared }) => declared === identity);
  const pair = random.pick(paired.length > 0 && random.chance(0.5) ? paired : pairs);
  const { kind, name } = before;
  const version = versionOf(random, kind);
  const requester = special(random, words, pair.requester);
  const declared = random.pick([pair.declared, requester.name, random.pick(pairs).declared]);
  if (random.chance(0.25)) {
    const served = version === "v1alpha1" ? "v1alpha2" : version;
    const write = { sort: "status", kind, name, version: served, ...statusOf(random, before, declared) } as const;
    return { requester, before, write };
  }
  const write = { sort: "update", kind, name, version, ...editOf(random, before, declared) } as const;
  // What a status writer may change unseen is compared by CEL alone, which takes some numbers for equal that are not.
  return write.what === "number" && requester.name === statusWriter
    ? { requester: pair.requester, before, write }
    : { requester, before, write };
};
