import { pointerOf } from "../policy/path.ts";
import type { Written } from "./verdict.ts";

/** One RFC 6902 operation. */
export interface PatchOperation {
  readonly op: "add" | "replace";
  readonly path: string;
  readonly value: unknown;
}

/** Rule `patch`: one operation on each field, and one for each parent that is missing. */
export function patchOf(verdicts: readonly Written[]): readonly PatchOperation[] {
  const made = new Set<string>();
  return verdicts.flatMap(({ keys, write }) => {
    const parents = range(keys.length - write.missing, keys.length).map((end) => keys.slice(0, end));
    const missing = parents.filter((parent) => !made.has(pointerOf(parent)));
    for (const parent of missing) made.add(pointerOf(parent));
    return [
      ...missing.map((parent) => operation(isElement(parent) ? "replace" : "add", parent, {})),
      operation(write.present ? "replace" : "add", keys, write.value),
    ];
  });
}

const operation = (op: PatchOperation["op"], keys: Written["keys"], value: unknown): PatchOperation => ({
  op,
  path: pointerOf(keys),
  value,
});

/** An element of a list is there, and is null; adding one would move the others. */
const isElement = (keys: Written["keys"]): boolean => typeof keys.at(-1) === "number";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
