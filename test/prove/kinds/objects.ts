import type { JsonObject } from "../../../lib/index.ts";
import { namesOf, type Path } from "../../../lib/policy/path.ts";
import type { Field, Target } from "../../../lib/policy/policy.ts";
import type { Random } from "../worlds/random.ts";
import type { KindsVocabulary } from "./vocabulary.ts";

/** Values that are not names, and values that count as empty. */
const oddValues: readonly unknown[] = [
  null,
  "",
  5,
  true,
  ["bob"],
  [],
  {},
  { name: "bob" },
  "bob ",
  "zo\u00eb",
  "b\nob",
];
/** What a member may not stand in. */
const oddParents: readonly unknown[] = [null, "bob", "", ["bob"], [], 0, false];

/** A text for a field of this kind. */
const textFor = (random: Random, { names, serviceAccount: form }: Field, words: KindsVocabulary): unknown => {
  const namespace = random.pick(words.namespaces);
  const account = random.pick(words.accounts);
  if (names === "group")
    return random.chance(0.6)
      ? random.some([...words.groups, ...(random.chance(0.2) ? [null, "", 5] : [])], 0, 3)
      : random.pick(words.groups);
  if (names === "anything") return random.pick([{ a: { serviceAccountName: "x" } }, "a: b", ["x"], {}, [], 5, false]);
  if (form === undefined)
    return random.pick([...words.users, ...words.literals, `system:serviceaccount:${namespace}:${account}`]);
  if (form === "name" || !random.chance(0.4)) return random.pick([account, account, "default", "Not_A_Name", "a:b"]);
  return random.pick([
    `${namespace}:${account}`,
    `${namespace}:${account}:more`,
    `:${account}`,
    "prove:guest",
    account,
  ]);
};

type Draft = Record<string, unknown>;

/** Sets what a path leads to, and makes what it leads through. Where something else is in the way already, nothing is set. */
const setAt = (random: Random, at: unknown, path: Path, value: () => unknown, odd: number): void => {
  const [step, ...rest] = path;
  if (typeof at !== "object" || at === null || step === undefined) return;
  if (step === "deep") {
    if (Array.isArray(at)) return;
    const deep: Draft = random.chance(0.5) ? {} : { a: [{}] };
    setAt(random, random.pick([deep, at]), rest, value, odd);
    (at as Draft)["part"] = deep;
    return;
  }
  if (step === "each") {
    for (const item of Array.isArray(at) ? at : Object.values(at))
      if (random.chance(0.7)) setAt(random, item, rest, value, odd);
    return;
  }
  if (Array.isArray(at)) return;
  const draft = at as Draft;
  const [next] = rest;
  if (next === undefined) {
    draft[step.key] = random.chance(odd) ? random.pick(oddValues) : value();
    return;
  }
  if (draft[step.key] === undefined) draft[step.key] = containerFor(random, rest, odd);
  setAt(random, draft[step.key], rest, value, odd);
};

const containerFor = (random: Random, [step, ...rest]: Path, odd: number): unknown => {
  if (random.chance(odd)) return random.pick(oddParents);
  if (step !== "each") return {};
  const items = Array.from({ length: random.below(4) }, () => containerFor(random, rest, odd / 2));
  return random.chance(0.15) ? Object.fromEntries(items.map((item, index) => [`k${index}`, item])) : items;
};

/** Annotations are strings. */
const isAnnotation = ({ path: [first] }: Field): boolean => typeof first === "object" && first.key === "metadata";

/** Writes one member on the way of a path in another letter case, where it is there. */
const misspell = (random: Random, at: unknown, [step, ...rest]: Path): void => {
  if (typeof at !== "object" || at === null || step === undefined || step === "deep") return;
  if (step === "each") {
    const items = Object.values(at);
    if (items.length > 0) misspell(random, random.pick(items), rest);
    return;
  }
  const draft = at as Draft;
  const { key } = step;
  if (Array.isArray(at) || draft[key] === undefined) return;
  if (rest.length > 0 && random.chance(0.6)) {
    misspell(random, draft[key], rest);
    return;
  }
  const other = random.pick([key.toUpperCase(), key[0]?.toUpperCase() + key.slice(1), key.replace("s", "\u017f")]);
  if (other === key) return;
  draft[other] = draft[key];
  if (random.chance(0.5)) delete draft[key];
};

/** The parts of a random object of a target: some of its fields hold names, some are odd in one of many ways. */
export const partsOf = (random: Random, target: Target, words: KindsVocabulary): JsonObject => {
  const object: Draft = random.chance(0.03)
    ? { spec: random.pick(oddParents) }
    : random.chance(0.05)
      ? {}
      : { spec: {} };
  const odd = random.pick([0, 0, 0, 0.04, 0.12]);
  const most = random.pick([0.2, 0.4, 0.7]);
  for (const field of target.fields) {
    if (random.chance(target.fields.length > 2 ? 1 - most : 0.3)) continue;
    if (isAnnotation(field)) {
      const value = random.pick([...words.users, ...words.literals, "", "bob "]);
      setAt(random, object, field.path, () => value, 0);
      continue;
    }
    setAt(random, object, field.path, () => textFor(random, field, words), odd);
    const { serviceAccount: form, path } = field;
    if (typeof form === "object" && random.chance(0.6))
      setAt(
        random,
        object,
        "namespaceAt" in form ? form.namespaceAt : [...path.slice(0, -1), { key: form.namespaceKey }],
        () => random.pick([...words.namespaces, "", null, "A_b", 5]),
        0.03,
      );
    for (const { path: set } of field.whenSet)
      if (random.chance(0.3)) setAt(random, object, set, () => random.pick(["yes", {}, [], false, 0, null, ["a"]]), 0);
  }
  if (target.ignoresLetterCase && random.chance(0.2)) misspell(random, object, random.pick(target.fields).path);
  if (target.statusPaths.length > 0 && random.chance(0.5))
    object["status"] = { ...(object["status"] as object), children: {} };
  return object;
};

/** The parts of a field that lies at any depth: where one of them is set, an admission policy refuses the object. */
export const partBefore = ({ path }: Field): Path | undefined =>
  path.includes("deep") ? path.slice(0, path.indexOf("deep")) : undefined;

/** Whether a field lies at one place of every object, and holds one name. */
export const isSettable = ({ path, names }: Field): boolean => namesOf(path) !== undefined && names !== "group";
