import type { UserInfo } from "../../../lib/index.ts";
import { narrowingKey, type Pair } from "../worlds/cases.ts";
import type { FrontProxy } from "../worlds/front-proxy.ts";
import { privilegedValues } from "../worlds/vocabulary.ts";
import { become, mayBecomeForGood } from "./probe.ts";
import { type Ask, type Keeps, type Ruling, standIn } from "./rule.ts";

/** Where the rule and the API server differ on purpose. */
export type Exception = "self" | "privileged" | "unsafe" | "constrained";

/** What came of a pair. */
export interface PairResult {
  /** The API server let the requester go on as just the declared name. */
  readonly accepted: boolean;
  readonly ruling: Ruling;
  /** The kind of pair that an exception is about, whether they differ or not. */
  readonly special?: Exception;
  /** A header-unsafe name that the API server took for another one. */
  readonly mistaken?: string;
  /** Undefined where they agree, or differ as documented. */
  readonly disagreement?: string;
}

export interface PairChecker {
  readonly as: FrontProxy;
  readonly ask: Ask;
  readonly keeps: Keeps;
  /** Whether this API server knows constrained impersonation. */
  readonly constrains: boolean;
}

const isPrivileged = (name: string): boolean => privilegedValues.some((value) => value === name);

/** Said once more and in other words than the library's. */
const isUnsafe = (name: string): boolean =>
  name.trim() !== name || [...name].some((character) => character < " " || character > "~");

const isNarrowed = ({ extra }: UserInfo): boolean => Object.hasOwn(extra, narrowingKey);

/**
 * Lets the API server and the rule judge one pair. They agree where what the one accepts is what the other keeps. Where they do not,
 * the difference must be exactly what the exception says, no more.
 *
 * @param requester the pair's requester as the API server knows it
 */
export const checkPair = async (
  { as, ask, keeps, constrains }: PairChecker,
  { requester: person, declared }: Pair,
  requester: UserInfo,
): Promise<PairResult> => {
  const [{ became }, ruling] = await Promise.all([become(as, person, declared), keeps(requester, declared, ask)]);
  const accepted = became === declared;
  const { kept, reason } = ruling;
  const said = `the API server ${accepted ? "accepts" : "refuses"} it; the rule says ${ruling.decision} (${reason})`;
  const result = { accepted, ruling };

  if (isUnsafe(declared)) {
    const mistaken = became === undefined || accepted ? {} : { mistaken: became };
    const unsafe = { ...result, ...mistaken, special: "unsafe" } as const;
    return !kept && reason === "unsafe-name" ? unsafe : { ...unsafe, disagreement: `${said}; the name is unsafe` };
  }
  if (became !== undefined && !accepted)
    return { ...result, disagreement: `the API server takes the name for ${JSON.stringify(became)}` };

  const forGood = (name: string): Promise<boolean> => mayBecomeForGood(as, person, name);
  if (isPrivileged(declared)) {
    const both = (await forGood(declared)) && (await forGood(standIn));
    const privileged = { ...result, special: "privileged" } as const;
    return kept === both ? privileged : { ...privileged, disagreement: `${said}; both identities: ${both}` };
  }
  if (declared === requester.username) {
    const expected = isNarrowed(requester) ? await forGood(declared) : true;
    const self = { ...result, special: "self" } as const;
    return kept === expected ? self : { ...self, disagreement: `${said}; it is the requester's own name` };
  }
  if (kept === accepted) return result;
  if (accepted && constrains && !(await forGood(declared))) return { ...result, special: "constrained" };
  return { ...result, disagreement: said };
};
