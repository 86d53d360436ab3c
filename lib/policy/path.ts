import { isObject, type JsonObject, member } from "../meta/json.ts";

/** One step into an object: a member by its key, every element of a list and every member of a map, or all that is at any depth. */
export type Step = { readonly key: string } | "each" | "deep";

/**
 * A path into an object. Written `spec.clusterAuth.impersonateUser`, `spec.taskRunSpecs[*].serviceAccountName`,
 * `metadata.labels["example.com/sa"]`, `spec.**.serviceAccountName`.
 */
export type Path = readonly Step[];

/** The member names and list indexes from an object down to one of its parts. */
export type Segments = readonly (string | number)[];

/** One place in one object that a path leads to. */
export interface Place {
  readonly segments: Segments;
  /**
   * The place in messages. The keys of a map that the path walks are left out, as are those at any depth: they are the object's content, and
   * may be secret.
   */
  readonly at: string;
  /** The value there, undefined where there is none. */
  readonly value: unknown;
  /** How many of the field's parents, counted from the field upwards, are absent or null. */
  readonly missing: number;
  /** Set where a parent is a value that the path cannot be followed through: what it must be. `segments` end at that parent. */
  readonly blocked?: string;
  /** Set where a member's name differs from the path's in letter case: the path's. */
  readonly misspelt?: string;
}

const first = /^[A-Za-z_][\w-]*/;
const further = /\.([A-Za-z_][\w-]*)|\["([ !#-[\]-~]+)"\]|\[\*\]|(\.\*\*)(?=\.|\[")/gy;

/** Parses a path. Returns undefined for any other text. */
export function parsePath(text: string): Path | undefined {
  const head = first.exec(text)?.[0];
  if (head === undefined) return undefined;
  const steps: Step[] = [{ key: head }];
  let end = head.length;
  for (const [whole, name, quoted, deep] of text.slice(end).matchAll(further)) {
    const key = name ?? quoted;
    steps.push(key !== undefined ? { key } : deep === undefined ? "each" : "deep");
    end += whole.length;
  }
  const isOnce = steps.filter((step) => step === "deep").length < 2;
  return end < text.length || steps.at(-1) === "each" || !isOnce ? undefined : steps;
}

/** Whether a path leads to places at any depth. */
export function isDeep(path: Path): boolean {
  return path.includes("deep");
}

/**
 * Every place in an object that a path leads to. A path that walks a list or a map leads to no place where that is absent, and one that goes
 * to any depth leads to the places that are there. Any other path leads to exactly one place, whether or not it holds a value.
 */
export function placesOf(object: JsonObject, path: Path): readonly Place[] {
  return walk(object, path, nowhere);
}

type Reached = Pick<Place, "segments" | "at">;

const nowhere: Reached = { segments: [], at: "" };

const walk = (value: unknown, path: Path, reached: Reached): readonly Place[] => {
  const [next, ...rest] = path;
  if (next === undefined) return [{ ...reached, value, missing: 0 }];
  if (next === "deep") return walkDeep(value, rest, reached);
  if (value === undefined || value === null) return absent(path, reached);
  if (next === "each" && Array.isArray(value))
    return value.flatMap((item, index) => walk(item, rest, step(reached, index)));
  if (!isObject(value)) {
    const wanted = next === "each" ? "a list or an object" : "an object";
    const found = Array.isArray(value) ? "a list" : `a ${typeof value}`;
    return [{ ...reached, value, missing: 0, blocked: `must be ${wanted}, not ${found}` }];
  }
  return next === "each"
    ? Object.keys(value).flatMap((key) => walk(value[key], rest, step(reached, key, "[*]")))
    : walk(member(value, next.key), rest, step(reached, next.key));
};

/**
 * The first member on the way of a path whose name differs from the path's only in letter case. Go's `encoding/json` reads it as the member that
 * the path names.
 */
export function otherSpelling(object: JsonObject, path: Path): Place | undefined {
  return spelledOtherwise(object, path, nowhere);
}

const spelledOtherwise = (value: unknown, path: Path, reached: Reached): Place | undefined => {
  const [next, ...rest] = path;
  if (next === undefined || typeof value !== "object" || value === null) return undefined;
  if (next === "deep")
    return firstOf(
      partsOf(value),
      (part) =>
        // The way is long in a deep object, so only that of the member in question is put together.
        spelledOtherwise(part.value, rest, nowhere) && spelledOtherwise(part.value, rest, wayTo(part, reached)),
    );
  if (next === "each")
    return firstOf(Object.entries(value), ([key, item]) =>
      spelledOtherwise(item, rest, Array.isArray(value) ? step(reached, Number(key)) : step(reached, key, "[*]")),
    );
  if (!isObject(value)) return undefined;
  const { key } = next;
  const other = Object.keys(value).find((each) => isOtherSpelling(each, key));
  if (other === undefined) return spelledOtherwise(member(value, key), rest, step(reached, key));
  return { ...step(reached, other), value: value[other], missing: 0, misspelt: key };
};

const firstOf = <T, Found>(all: Iterable<T>, find: (one: T) => Found | undefined): Found | undefined => {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
};

const isOtherSpelling = (one: string, other: string): boolean =>
  one.length === other.length && one !== other && folded(one) === folded(other);

/** Both conversions, because the long s and the Kelvin sign each have only one of them. */
const folded = (text: string): string => text.toLowerCase().toUpperCase();

/** A part of an object, and the way to it. */
interface Part {
  readonly value: unknown;
  /** How many keys lead to it. */
  readonly depth: number;
  readonly key?: string | number;
  readonly parent?: Part;
}

/** A walk to any depth ends here, with more places than a review may have fields. */
export const mostDeepPlaces = 1_001;
/** A place that is deeper ends the walk, and is refused: the ways to many such places would take the function minutes. */
const mostLevels = 200;

const tooDeep = `must not lie more than ${mostLevels} levels deep`;

const walkDeep = (value: unknown, rest: Path, reached: Reached): readonly Place[] => {
  const places: Place[] = [];
  const [first] = rest;
  for (const part of partsOf(value)) {
    const { value: at } = part;
    if (isObject(at) && typeof first === "object" && member(at, first.key) !== undefined) {
      const way = wayTo(part, reached);
      if (part.depth > mostLevels) return [{ ...way, value: at, missing: 0, blocked: tooDeep }];
      places.push(...walk(at, rest, way).filter((place) => place.value !== undefined));
    }
    if (places.length >= mostDeepPlaces) break;
  }
  return places;
};

/** All that is in a value, at any depth, and the value itself. Without recursion, because an object may be deeper than the stack. */
function* partsOf(value: unknown): Generator<Part> {
  const parts: Part[] = [{ value, depth: 0 }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { value: at } = part;
    const keys = Array.isArray(at) ? [...at.keys()] : isObject(at) ? Object.keys(at) : [];
    for (const key of keys.toReversed())
      parts.push({ value: (at as never)[key], depth: part.depth + 1, key, parent: part });
    yield part;
  }
}

const wayTo = (part: Part, { segments, at }: Reached): Reached => {
  const keys: (string | number)[] = [];
  for (let each: Part | undefined = part; each?.key !== undefined; each = each.parent) keys.push(each.key);
  keys.reverse();
  const shown: string[] = [];
  for (const key of keys)
    if (typeof key === "number") shown.push(formatKey(key));
    else if (shown.at(-1) !== ".**") shown.push(".**");
  return { segments: [...segments, ...keys], at: at + shown.join("") };
};

const step = ({ segments, at }: Reached, key: string | number, shown = formatKey(key)): Reached => ({
  segments: [...segments, key],
  // The first key of a path is an identifier.
  at: at === "" ? String(key) : at + shown,
});

const absent = (path: Path, reached: Reached): readonly Place[] => {
  const names = namesOf(path);
  if (names === undefined) return [];
  const end = names.reduce((before, name) => step(before, name), reached);
  return [{ ...end, value: undefined, missing: names.length }];
};

/** The member names of a path that leads to one place; undefined for a path that walks a list or a map. */
export function namesOf(path: Path): readonly string[] | undefined {
  const names = path.flatMap((step) => (typeof step === "string" ? [] : [step.key]));
  return names.length === path.length ? names : undefined;
}

/** The value at a place in an object, undefined where there is none. */
export function valueAt(object: JsonObject, segments: Segments): unknown {
  return segments.reduce<unknown>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : isObject(at) ? member(at, String(key)) : undefined),
    object,
  );
}

/** Segments as Kubernetes writes field paths in its messages (`k8s.io/apimachinery` pkg/util/validation/field). */
export function formatSegments(segments: Segments): string {
  return segments.map(formatKey).join("").replace(/^\./, "");
}

const formatKey = (key: string | number): string =>
  typeof key === "number" ? `[${key}]` : /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;

/** A path as a policy writes it. Its first step is a name. */
export function formatPath(path: Path): string {
  return path
    .map((step) => (step === "each" ? "[*]" : step === "deep" ? ".**" : formatKey(step.key)))
    .join("")
    .slice(1);
}

/** Segments as a JSON Pointer (RFC 6901). */
export function pointerOf(segments: Segments): string {
  return segments.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
