import { pointerOf } from "../policy/path.ts";
import type { Written } from "./verdict.ts";

/** One RFC 6902 operation. */
export interface PatchOperation {
  readonly op: "add" | "replace";
  readonly path: string;
  readonly value: unknown;
}

/** Rule `patch`: one operation for each field, and one for each missing parent. */
export function patchOf(verdicts: readonly Written[]): readonly PatchOperation[] {
  const made = new Set<string>();
  return verdicts.flatMap(({ segments, write }) => {
    const parents = range(segments.length - write.missing, segments.length).map((end) => segments.slice(0, end));
    const missing = parents.filter((parent) => !made.has(pointerOf(parent)));
    for (const parent of missing) made.add(pointerOf(parent));
    return [
      ...missing.map((parent) => operation(isElement(parent) ? "replace" : "add", parent, {})),
      operation(write.present ? "replace" : "add", segments, write.value),
    ];
  });
}

const operation = (op: PatchOperation["op"], segments: Written["segments"], value: unknown): PatchOperation => ({
  op,
  path: pointerOf(segments),
  value,
});

/** A missing parent that is an element of a list is null. It is replaced, because `add` would move the other elements. */
const isElement = (segments: Written["segments"]): boolean => typeof segments.at(-1) === "number";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
