import { isDeepStrictEqual } from "node:util";
import { type Exception, mistakenFor } from "./exceptions.ts";
import type { Guard } from "./guards.ts";
import { afterOf } from "./merge.ts";
import { isSame, type Outcome, said } from "./outcome.ts";
import { type Case, identityIn, type Sort } from "./write.ts";

/** By the function: with the identity that was asked for or was there, with another one, or not at all. */
export type Came = "kept" | "set" | "refused";

/** What came of a case. */
export interface CaseResult {
  readonly sort: Sort;
  readonly came: Came;
  /** The kind of write that an exception is about, whether they differ or not. */
  readonly special?: Exception;
  /** They differ as documented. */
  readonly differs?: boolean;
  /** All refuse, with codes that differ as documented. */
  readonly codesDiffer?: boolean;
  /** Undefined where they agree, or differ as documented. */
  readonly disagreement?: string;
}

/** Writes as a user in a namespace. Nothing is stored. */
export type Tried = (one: Case, guard: Guard) => Promise<Outcome>;

const cameOf = ({ write, before }: Case, outcome: Outcome): Came => {
  if (!outcome.allowed) return "refused";
  if (write.sort === "status") return "kept";
  const { kind } = write;
  const isAsAsked = isDeepStrictEqual(identityIn(kind, outcome.object), identityIn(kind, afterOf(write, before)));
  return isAsAsked ? "kept" : "set";
};

/** Said once more and in other words than the library's. */
const isUnsafe = (name: string): boolean =>
  name.trim() !== name || [...name].some((character) => character < " " || character > "~");

const codeOf = (outcome: Outcome): number => (outcome.allowed ? 200 : outcome.code);

/**
 * Lets the function, the twins and both of them judge one case. They agree where all refuse, or all come to the same object. Where they do
 * not, the difference must be exactly what the exception says, no more.
 */
export const checkCase = async (tried: Tried, one: Case): Promise<CaseResult> => {
  const [byFunction, byTwins, byBoth] = await Promise.all([
    tried(one, "by-function"),
    tried(one, "by-twins"),
    tried(one, "by-both"),
  ]);
  const result = { sort: one.write.sort, came: cameOf(one, byFunction) };
  const all = `by the function ${said(byFunction)}; by the twins ${said(byTwins)}; by both ${said(byBoth)}`;
  const mistaken = mistakenFor(one);
  if (mistaken) {
    const { exception, change } = mistaken;
    const changed = { ...one, write: change };
    const isKept = cameOf(changed, await tried(changed, "by-function")) === "kept";
    const special = { ...result, special: exception, differs: !isKept } as const;
    // The write alone is not judged. Taken for the change, it is refused where the change would be patched or refused.
    const isAsDocumented =
      byFunction.allowed &&
      isSame(byTwins, byBoth) &&
      (isKept ? isSame(byFunction, byTwins) : !byTwins.allowed && !byBoth.allowed);
    return isAsDocumented ? special : { ...special, disagreement: all };
  }
  if (!isSame(byFunction, byTwins) || !isSame(byFunction, byBoth)) return { ...result, disagreement: all };
  if (codeOf(byFunction) === codeOf(byTwins) && codeOf(byFunction) === codeOf(byBoth)) return result;
  // The function says that the requester's own name cannot be written; the twins say of the declared one that it may not stay.
  const isOwnName = isUnsafe(one.requester.name) && codeOf(byFunction) === 422 && codeOf(byTwins) === 403;
  return isOwnName ? { ...result, codesDiffer: true } : { ...result, disagreement: all };
};
