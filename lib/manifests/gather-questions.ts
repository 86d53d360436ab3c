import { formatPath, namesOf, type Path, type Step } from "../policy/path.ts";
import { accessTo, memberInCel, mostWalked } from "./cel.ts";
import { depthItems, emptyItems, faultItem, type GatheredField, itemsAt, type Value } from "./items-in-cel.ts";

/*
 * CEL has neither recursion nor an accumulator, and one expression may ask an authorizer twice. So the fields become one CEL text, which
 * holds an item for each question that a field needs, and for each fault (`items-in-cel.ts`). The policies then take the questions out of
 * that text, one by one (`ask-in-cel.ts`).
 *
 * A walk over a list of lists takes most of the time of a policy, so fields whose paths share it share the walk. A tag before the items of
 * each field says which field they are of.
 */

/** A CEL variable of an admission policy. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** The tag before the items of a field, in CEL. */
export function tagOf({ index }: GatheredField): string {
  return `'${tagStart}${index}'`;
}

/** No item starts so. */
export const tagStart = "\\n#";

/**
 * Groups of fields whose paths share a beginning with `[*]` and the step behind it. Every other field is alone. A walk that reads one member
 * of each item costs little, and one walk for all members would be one expression, whose cost is limited.
 */
export function sharingWalks(fields: readonly GatheredField[]): readonly WalkedFields[] {
  const groups = Map.groupBy(fields, ({ field: { path }, index }) =>
    path.includes("each") ? formatPath(path.slice(0, path.indexOf("each") + 2)) : index,
  );
  return [...groups.values()].map(([first, ...others]) => [first as GatheredField, ...others]);
}

/** Fields that one walk finds. */
export type WalkedFields = readonly [GatheredField, ...GatheredField[]];

/** The name of the variable with the items of these fields. */
export function asksOf([{ index }]: WalkedFields): string {
  return `asks${index}`;
}

/** The variables of fields that one walk finds. The last one is `asks`, the text with their items, which have tags if the fields are several. */
export function questionVariables(fields: WalkedFields): readonly Variable[] {
  const [{ reading }] = fields;
  const ways = fields.map((gathered) => ({
    gathered,
    path: gathered.field.path,
    tag: fields.length > 1 ? `${tagOf(gathered)} + ` : "",
  }));
  return [
    ...fields.flatMap(({ field, index }) =>
      field.whenSet.map(({ path }, at) => ({
        name: `set${index}_${at}`,
        expression: isSet(reading.root, namesOf(path) ?? []),
      })),
    ),
    ...fields.map((gathered) => ({ name: `empty${gathered.index}`, expression: emptyItems(gathered) })),
    { name: asksOf(fields), expression: walk(ways, { at: reading.root, parent: "" }, 0) },
  ];
}

/** CEL that is true where the value is neither absent nor null, "", {}, [] or false. */
const isSet = (root: string, names: readonly string[]): string => {
  const { there, value } = accessTo(root, names);
  const isEmpty = `(type(${value}) == map || type(${value}) == list) && size(${value}) == 0`;
  return `${there} && !(${value} == null || ${value} == '' || ${value} == false || (${isEmpty}))`;
};

/** A field, and the part of its path that is still to be followed. */
interface Way {
  readonly gathered: GatheredField;
  readonly path: Path;
  /** What stands before the field's items in CEL; empty for a field that has a walk of its own. */
  readonly tag: string;
}

type Ways = readonly Way[];

/** The items of every place that the ways lead to, in CEL. */
const walk = (ways: Ways, value: Value, depth: number): string => {
  const next = (step: Step): Ways => ways.filter(({ path }) => path[0] === step).map(follow);
  const [[deep], each] = [next("deep"), next("each")];
  return joined([
    ...ways.flatMap(({ gathered, path, tag }) => (path.length === 0 ? [tag + itemsAt(gathered, value)] : [])),
    // Nothing may lie there, so the first field speaks for all of them.
    ...(deep ? [deep.tag + depthItems(value)] : []),
    ...(each.length > 0 ? [walkEach(each, value, depth)] : []),
    ...(keysOf(ways).length > 0 ? [walkMembers(ways, value, depth)] : []),
  ]);
};

const follow = (way: Way): Way => ({ ...way, path: way.path.slice(1) });

/** The different keys of the ways' next steps. */
const keysOf = (ways: Ways): readonly string[] => [
  ...new Set(ways.flatMap(({ path: [step] }) => (typeof step === "object" ? [step.key] : []))),
];

const joined = (texts: readonly string[]): string => texts.join(" + ") || "''";

const walkMembers = (all: Ways, value: Value, depth: number): string => {
  const ways = all.filter(({ path: [step] }) => typeof step === "object");
  const there = keysOf(ways).map((key) => {
    const below = ways.filter(({ path: [step] }) => typeof step === "object" && step.key === key);
    const { there, value: at } = memberInCel(value.at, key);
    return `(${there} ? ${walk(below.map(follow), { at, parent: value.at }, depth)} : ${absentItems(below)})`;
  });
  // The object itself is always a map.
  if (value.parent === "") return joined(there);
  return `(type(${value.at}) == map ? ${joined(there)} : ${value.at} == null ? ${absentItems(ways)} : ${blockedItems(ways, value)})`;
};

/** @param isTested whether {@link mayFind} has tested the items of this list, as a part of an outer one */
const walkEach = (ways: Ways, { at }: Value, depth: number, isTested = false): string => {
  const item = `x${depth}`;
  const [{ tag }] = ways as [Way];
  const isMap = `type(${at}) == map`;
  const items = `(${isMap} ? ${at}.map(k, ${at}[k]) : ${at})`;
  const found = isTested || ways.length === 1 ? undefined : mayFind(ways, item, depth);
  const value = { at: item, parent: at };
  const inner = ways.every(isEach)
    ? walkEach(ways.map(follow), value, depth + 1, found !== undefined)
    : walk(ways, value, depth + 1);
  return (
    `(type(${at}) == list || ${isMap} ? (size(${at}) > ${mostWalked} ? ${tag}${faultItem("size")}` +
    ` : ${items}${found ? `.filter(${item}, ${found})` : ""}.map(${item}, ${inner}).join(''))` +
    ` : ${at} == null ? '' : ${blockedItems(ways, { at })})`
  );
};

const isEach = ({ path: [step] }: Way): boolean => step === "each";

/**
 * CEL that is false only for a value in which none of the ways finds an item. Most items of a list have none, and the test costs less than
 * the ways. Undefined if there is no such test.
 */
const mayFind = (ways: Ways, at: string, depth: number): string | undefined => {
  if (ways.every(isEach)) {
    const item = `x${depth + 1}`;
    const inner = mayFind(ways.map(follow), item, depth + 1);
    return inner && `type(${at}) != list || size(${at}) > ${mostWalked} || ${at}.exists(${item}, ${inner})`;
  }
  if (absentItems(ways) !== "''" || !ways.every(({ path: [step] }) => typeof step === "object")) return undefined;
  return [`type(${at}) != map`, ...keysOf(ways).map((key) => memberInCel(at, key).there)].join(" || ");
};

/** The items of fields whose places do not exist. A path that still has a walk leads to no place then, any other one to an empty place. */
const absentItems = (ways: Ways): string =>
  joined(
    ways.flatMap(({ gathered, path, tag }) => {
      const isNowhere = namesOf(path) === undefined || gathered.field.names === "anything";
      return isNowhere || emptyItems(gathered) === "''" ? [] : [`${tag}variables.empty${gathered.index}`];
    }),
  );

/** The fault of a parent that is a value of another type. One field speaks for all of them. */
const blockedItems = (ways: Ways, { at }: Pick<Value, "at">): string => {
  const named = ways.find(({ gathered }) => gathered.field.names !== "anything");
  if (named) return named.tag + faultItem("type");
  return `(${at} == '' ? '' : ${(ways as [Way])[0].tag}${faultItem("type")})`;
};
