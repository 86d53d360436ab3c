import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../../lib/index.ts";
import { isObject } from "../../../lib/meta/json.ts";
import { namesOf, placesOf, pointerOf, valueAt } from "../../../lib/policy/path.ts";
import { identityPaths, isInStatus, type Target } from "../../../lib/policy/policy.ts";
import { prefixOf, share } from "../worlds/parts.ts";
import { pooled } from "../worlds/pool.ts";
import { type Random, randomOf } from "../worlds/random.ts";
import type { Manifest } from "../worlds/world.ts";
import type { KindsCase } from "./case.ts";
import { hasStatusSubresource, type KindsGround, partsWithName, type StoredKind, type Tried } from "./ground.ts";
import { type Judged, judgedByFunction } from "./judged.ts";
import { isSettable, partBefore, partsOf } from "./objects.ts";
import { type KindsVocabulary, kindsVocabulary, kindsWorld, personOf } from "./vocabulary.ts";

/** Why the admission policies may refuse an object that the function allows. */
export const exceptions = [
  "any depth",
  "a field in a list would be set",
  "too many identities",
  "status field behind a list",
  "status that CEL cannot compare",
] as const;
export type Exception = (typeof exceptions)[number];

export interface KindsFigures {
  readonly version: string;
  readonly seed: number;
  readonly seconds: number;
  readonly sets: boolean;
  /** By resource: writes that both allow as they are, that both set, that both refuse, and that differ as documented. */
  readonly resources: Readonly<Record<string, KindsRow>>;
  readonly exceptions: Readonly<Record<Exception, number>>;
}

export interface KindsRow {
  readonly asked: number;
  readonly kept: number;
  readonly set: number;
  readonly refused: number;
  readonly differ: number;
  readonly disagreed: number;
}

/** A write about which the function and the admission policies disagree. */
export interface KindsCounterexample {
  readonly manifests: readonly Manifest[];
  readonly asked: KindsCase;
  readonly disagreement: string;
}

export interface KindsProofOptions {
  readonly ground: KindsGround;
  readonly seed: number;
  readonly writes: number;
  readonly worlds: number;
  readonly progress?: (world: number, disagreed: number) => void;
}

/** Lets random users write random objects of every target, and compares the admission policies with the function. */
export const proveKinds = async ({
  ground,
  seed,
  writes,
  worlds,
  progress,
}: KindsProofOptions): Promise<{
  readonly figures: KindsFigures;
  readonly counterexamples: readonly KindsCounterexample[];
}> => {
  const { world, policy, sets } = ground;
  const since = Date.now();
  const rows = new Map<string, { -readonly [K in keyof KindsRow]: KindsRow[K] }>();
  const excepted = Object.fromEntries(exceptions.map((name) => [name, 0])) as Record<Exception, number>;
  const counterexamples: KindsCounterexample[] = [];
  for (let index = 0; index < worlds; index++) {
    const prefix = prefixOf("w", index);
    const words = kindsVocabulary(prefix, policy);
    const random = randomOf(seed, `${index}/cases`);
    const manifests = kindsWorld(randomOf(seed, `${index}/world`), words, policy, prefix);
    await world.stage.show(manifests, words.namespaces);
    const cases = Array.from({ length: share(writes, worlds, index) }, () => caseOf(random, ground, words));
    await pooled(cases, async (asked) => {
      const { resource } = asked.write.resource;
      const row = rows.get(resource) ?? { asked: 0, kept: 0, set: 0, refused: 0, differ: 0, disagreed: 0 };
      rows.set(resource, row);
      row.asked++;
      const [judged, tried] = await Promise.all([
        judgedByFunction(policy, asked, ground.answer, sets),
        ground.tried(asked),
      ]);
      const result = compared(asked, judged, tried);
      if ("exception" in result) {
        row.differ++;
        excepted[result.exception]++;
      } else if ("disagreement" in result) {
        row.disagreed++;
        counterexamples.push({ manifests, asked, ...result });
      } else row[result.agreed]++;
    });
    progress?.(index + 1, counterexamples.length);
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  const resources = Object.fromEntries([...rows].sort(([one], [other]) => one.localeCompare(other)));
  return { figures: { version: world.version, seed, seconds, sets, resources, exceptions: excepted }, counterexamples };
};

const caseOf = (random: Random, ground: KindsGround, words: KindsVocabulary): KindsCase => {
  const requester = personOf(random, words);
  const chance = random.below(100);
  if (chance < 60) {
    const target = random.pick(ground.policy.targets);
    const resource = random.pick(target.resources);
    const namespace = resource.startsWith("cluster") ? "" : random.pick(words.namespaces);
    const sent = partsWithName(partsOf(random, target, words), "prove");
    const { status, ...rest } = sent;
    const after = hasStatusSubresource(resource) ? rest : sent;
    const version = target.versions[0] === "*" ? "v1" : (target.versions[0] as string);
    return {
      requester,
      target,
      write: { sort: "create", resource: { group: target.group, version, resource }, namespace, sent, after },
    };
  }
  return updateOf(random, random.pick(ground.stored), words, requester);
};

const updateOf = (
  random: Random,
  { target, resource, namespace, object: before }: StoredKind,
  words: KindsVocabulary,
  requester: KindsCase["requester"],
): KindsCase => {
  const version = target.versions[0] === "*" ? "v1" : (target.versions[0] as string);
  const place = { resource: { group: target.group, version, resource }, namespace, before };
  const parts = partsOf(random, target, words);
  const { metadata, spec, status } = before as {
    readonly metadata: JsonObject;
    readonly spec?: unknown;
    readonly status?: unknown;
  };
  const labelled = { ...metadata, labels: { seen: random.pick(["yes", "no"]) } };
  const own = { metadata: { ...labelled, ...(parts["metadata"] as object) } };
  const [isStored, isChanged] = [random.chance(0.3), random.chance(0.2)];
  const written: JsonObject = {
    apiVersion: before["apiVersion"],
    kind: before["kind"],
    metadata: random.chance(0.7) ? labelled : own.metadata,
    ...withMember("spec", isStored ? spec : isChanged ? parts["spec"] : changed(spec)),
    ...withMember(
      "status",
      random.chance(0.5)
        ? status
        : random.pick<unknown>([
            parts["status"],
            { phase: "new" },
            { ...(parts["status"] as object), children: { a: "b" } },
          ]),
    ),
  };
  if (hasStatusSubresource(resource) && random.chance(0.4)) {
    const after = { ...before, metadata: written["metadata"], ...withMember("status", written["status"]) };
    const kept = written["status"] === undefined ? without(after, "status") : after;
    // A write of the status leaves the rest as it was, the labels included.
    return { requester, target, write: { ...place, sort: "status", sent: written, after: { ...kept, metadata } } };
  }
  const after = hasStatusSubresource(resource)
    ? { ...without(written, "status"), ...withMember("status", status) }
    : written;
  return { requester, target, write: { ...place, sort: "update", sent: written, after } };
};

const withMember = (name: string, value: unknown): JsonObject => (value === undefined ? {} : { [name]: value });

const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

const changed = (spec: unknown): unknown =>
  typeof spec === "object" && spec !== null && !Array.isArray(spec) ? { ...spec, greeting: "mine" } : spec;

type Comparison =
  | { readonly agreed: "kept" | "set" | "refused" }
  | { readonly exception: Exception }
  | { readonly disagreement: string };

/** Both refuse, or both come to the same object; or the admission policies refuse for a documented reason. */
const compared = (asked: KindsCase, judged: Judged, tried: Tried): Comparison => {
  const disagreement = `by the function ${JSON.stringify(judged)}; by the admission policies ${JSON.stringify(tried)}`;
  if (!judged.allowed) {
    if (tried.allowed) return { disagreement };
    // With one code only, it must be the same, but for a requester whose own name cannot be written.
    const [code, ...more] = judged.codes;
    const isSame = more.length > 0 || code === tried.code || judged.reasons.includes("unsafe-requester");
    return isSame || exceptionOf(asked, judged, tried.message) !== undefined ? { agreed: "refused" } : { disagreement };
  }
  if (!tried.allowed) {
    const exception = exceptionOf(asked, judged, tried.message);
    return exception === undefined ? { disagreement } : { exception };
  }
  const isSame = ["spec", "status"].every((part) => isDeepStrictEqual(tried.object[part], judged.object[part]));
  if (!isSame) return { disagreement };
  return { agreed: judged.patched.length > 0 ? "set" : "kept" };
};

const exceptionOf = ({ target, write }: KindsCase, judged: Judged, message: string): Exception | undefined => {
  if (/cannot be read by an admission policy/.test(message) && hasDeepPart(target, write.after)) return "any depth";
  if (/more than 26 identities/.test(message) && judged.questions > 26) return "too many identities";
  if (judged.allowed && judged.patched.some((place) => !settable(target).includes(place)))
    return "a field in a list would be set";
  const isBehindList = target.fields.some(
    ({ path: [first], path }) => typeof first === "object" && first.key === "status" && namesOf(path) === undefined,
  );
  if (write.sort === "status" && isBehindList) return "status field behind a list";
  return write.sort === "status" && isIncomparable(target, write.before) ? "status that CEL cannot compare" : undefined;
};

/**
 * Whether the old object has another value than a text or a map of texts at a judged path of the status, or on the way there. Every write of
 * such a status counts as a change.
 */
const isIncomparable = ({ fields, statusPaths }: Target, before: JsonObject | undefined): boolean =>
  [...fields.filter(isInStatus).flatMap(identityPaths), ...statusPaths].some((path) => {
    const names = namesOf(path) ?? [];
    const values = names.map((_, index) => before && valueAt(before, names.slice(0, index + 1)));
    const parents = values.slice(0, -1);
    return parents.some((parent) => parent !== undefined && !isObject(parent)) || !isComparable(values.at(-1), 2);
  });

const isComparable = (value: unknown, levels: number): boolean =>
  value === undefined ||
  typeof value === "string" ||
  (levels > 0 && isObject(value) && Object.values(value).every((each) => isComparable(each, levels - 1)));

const settable = ({ fields }: Target): readonly string[] =>
  fields.filter(isSettable).flatMap(({ path }) => {
    const names = namesOf(path) ?? [];
    return names.map((_, index) => pointerOf(names.slice(0, index + 1)));
  });

const hasDeepPart = ({ fields }: Target, object: JsonObject): boolean =>
  fields.some((field) => {
    const part = partBefore(field);
    return (
      part !== undefined &&
      placesOf(object, part).some(
        ({ value, blocked }) =>
          blocked === undefined && typeof value === "object" && value !== null && Object.keys(value).length > 0,
      )
    );
  });

const width = 9;

/** The figures on one page. */
export const pageOfKinds = ({
  version,
  seed,
  seconds,
  sets,
  resources,
  exceptions: excepted,
}: KindsFigures): string => {
  const titles = ["asked", "kept", "set", "refused", "differ", "DISAGREE"];
  return [
    `Kubernetes ${version}, seed ${seed}, ${seconds} s: kinds of fields, by the function and by admission policies that ${sets ? "set fields" : "only refuse"}`,
    `  ${"".padEnd(24)}${titles.map((title) => title.padStart(width)).join("")}`,
    ...Object.entries(resources).map(
      ([name, row]) =>
        `  ${name.padEnd(24)}${[row.asked, row.kept, row.set, row.refused, row.differ, row.disagreed].map((count) => String(count).padStart(width)).join("")}`,
    ),
    ...Object.entries(excepted).map(
      ([name, count]) => `  differ as documented: ${name.padEnd(38)}${String(count).padStart(width)}`,
    ),
  ].join("\n");
};
