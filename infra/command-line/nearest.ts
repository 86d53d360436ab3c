import { distance } from "fastest-levenshtein";

/** Whether two names differ by a typing mistake. */
export function isNear(given: string, name: string): boolean {
  return distance(given, name) <= 2;
}

/** The name that a mistyped one most likely means: the nearest, or the only one that begins with it. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const [near] = names.filter((name) => isNear(given, name)).sort((a, b) => distance(given, a) - distance(given, b));
  const [longer, another] = names.filter((name) => name.startsWith(given));
  return near ?? (another === undefined ? longer : undefined);
}
