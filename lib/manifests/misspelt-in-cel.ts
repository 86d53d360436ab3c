import { isDeep, type Path, type Step } from "../policy/path.ts";
import { type Field, identityPaths } from "../policy/policy.ts";
import { listOf, memberInCel, mostWalked } from "./cel.ts";

/**
 * CEL that is true where the object has a member on the way of a field whose name differs from the path's only in letter case, for a target
 * that ignores letter case. Parts that a path goes to any depth of are left out, because nothing may lie there.
 */
export function misspeltInCel(fields: readonly Field[], root: string): string {
  const paths = fields.flatMap((field) => [...identityPaths(field), ...field.whenSet.map(({ path }) => path)]);
  return hasOtherSpelling(root, paths.map(untilDeep), 0);
}

const untilDeep = (path: Path): Path => (isDeep(path) ? path.slice(0, path.indexOf("deep")) : path);

const hasOtherSpelling = (at: string, paths: readonly Path[], depth: number): string => {
  const steps = paths.flatMap(([step]) => (step === undefined ? [] : [step]));
  const keys = [...new Set(steps.flatMap((step) => (typeof step === "object" ? [step.key] : [])))];
  const ofEach = paths.flatMap(([step, ...rest]) => (step === "each" && rest.length > 0 ? [rest] : []));
  const checks = [
    ...(keys.length > 0 ? [`type(${at}) == map && (${ofMembers(at, keys, paths, depth)})`] : []),
    ...(ofEach.length > 0 ? [`(${ofItems(at, ofEach, depth)})`] : []),
  ];
  return checks.length === 0 ? "false" : checks.join(" || ");
};

const ofMembers = (at: string, keys: readonly string[], paths: readonly Path[], depth: number): string => {
  const key = `k${depth}`;
  // Most members have another length, and that test costs the least.
  const lengths = [...new Set(keys.map(({ length }) => length))].join(", ");
  const lower = listOf(keys.map((each) => each.toLowerCase()));
  const isOther = `size(${key}) in [${lengths}] && (!(${key} in ${listOf(keys)}) && ${foldedInCel(key)} in ${lower})`;
  const below = keys.flatMap((each) => {
    const rest = paths.flatMap(([step, ...more]) => (isKey(step, each) && more.length > 0 ? [more] : []));
    if (rest.length === 0) return [];
    const { there, value } = memberInCel(at, each);
    const inner = hasOtherSpelling(value, rest, depth + 1);
    return inner === "false" ? [] : [`(${there} && (${inner}))`];
  });
  return [`${at}.exists(${key}, ${isOther})`, ...below].join(" || ");
};

/** Go also takes the long s for an s, and the Kelvin sign for a k. */
const foldedInCel = (text: string): string => `${text}.lowerAscii().replace('\\u017f', 's').replace('\\u212a', 'k')`;

const ofItems = (at: string, rest: readonly Path[], depth: number): string => {
  const item = `i${depth}`;
  const items = `(type(${at}) == map ? ${at}.map(k, ${at}[k]) : ${at})`;
  const isWalked = `(type(${at}) == list || type(${at}) == map) && size(${at}) <= ${mostWalked}`;
  return `${isWalked} && ${items}.exists(${item}, ${hasOtherSpelling(item, rest, depth + 1)})`;
};

const isKey = (step: Step | undefined, key: string): boolean => typeof step === "object" && step.key === key;
