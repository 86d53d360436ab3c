import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";

/** The result of a room, and the key of its inputs. */
interface Kept {
  readonly key: string;
  readonly mutants: readonly Mutant[];
}

const fileOf = (folder: string, room: string): string => join(folder, `${room}.json`);

/** The mutants of an earlier run with exactly the same inputs; undefined without such a run. */
export const readKept = (folder: string, room: string, key: string): readonly Mutant[] | undefined => {
  try {
    const kept: Kept = JSON.parse(readFileSync(fileOf(folder, room), "utf8"));
    return kept.key === key && Array.isArray(kept.mutants) ? kept.mutants : undefined;
  } catch {
    // The file is missing or incomplete: the room is tried again.
    return undefined;
  }
};

export const keep = (folder: string, room: string, kept: Kept): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(folder, room), JSON.stringify(kept));
};
