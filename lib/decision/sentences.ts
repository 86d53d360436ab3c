import { formatQuestion, type Question } from "../identity/question.ts";
import type { Writer } from "../policy/policy.ts";
import type { Case } from "./case.ts";
import { unsafe } from "./field-identity.ts";

/*
 * What is said of a field: what is so, and what somebody can do about it. The warnings, which are the sentences about what was written, fit
 * 120 characters with names of a usual length.
 */

export const keptEmpty = ({ at }: Case): string => `${at} is empty, which the policy allows`;

export const refusedEmpty = ({ at, requester, statusWrite }: Case): string =>
  statusWrite
    ? `the controller acts on this status, and ${at} is empty; set that to an identity first`
    : `${at} is empty; set it to an identity that ${requester.username} may impersonate`;

export const filled = ({ at }: Case, value: string): string => `${at} was empty and is set to "${value}"`;

export const unfilled = ({ at, requester }: Case): string =>
  `${at} is empty; set it to "${requester.username}" or to an identity that ${requester.username} may impersonate`;

export const withoutDefault = ({ at }: Case, value: string): string => `${at} is empty; set it to "${value}"`;

export const own = ({ at }: Case): string => `${at} names the requester`;

export const permitted = ({ requester }: Case, identity: string): string =>
  `${requester.username} may impersonate "${identity}"`;

export const copied = ({ at }: Case, { username, copiesFrom }: Writer): string =>
  `${username} copies ${at} from ${copiesFrom}, where it is guarded`;

export const replaced = (one: Case, identity: string): string => {
  const { at, inherited, requester } = one;
  return inherited
    ? `${at}: inherited "${identity}" replaced by "${requester.username}"; set the field yourself`
    : `${at}: ${named(one, identity)} replaced by "${requester.username}", who may not impersonate it`;
};

export const forbidden = (one: Case, identity: string, asked: readonly Question[]): string => {
  const { at, inherited, requester, target, statusWrite } = one;
  const me = requester.username;
  const permission = `get the permission to ${asked.map(formatQuestion).join(" and to ")}`;
  if (statusWrite)
    return `the controller acts on this status as "${identity}" (${at}), whom ${me} may not impersonate; ${permission}`;
  if (inherited)
    return `${at} still names "${identity}", which ${me} may not impersonate; whoever edits the object must set the field to an identity of their own`;
  const instead = target.onForbidden === "requester" ? `set it to "${me}", or ` : "";
  return `${at}: ${me} may not impersonate ${named(one, identity)}; ${instead}${permission}`;
};

export const lostGroups = ({ at }: Case, identity: string): string =>
  `${at}: a controller that acts as "${identity}" has none of your groups`;

export const privilegedRequester = ({ at, requester }: Case): string =>
  `${at} would be set to "${requester.username}", which the controller treats as all-powerful; declare another identity`;

export const narrowed = ({ at, requester }: Case, key: string): string =>
  `${at} would hand out all of "${requester.username}", and this credential is narrowed by ${key}; use a full credential`;

/** Causes (422): what is wrong with a field, in words that stand behind its name. */
export const notAString = (value: unknown): string =>
  `must be a string, not ${Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `the ${typeof value} ${value}`}`;

export const noName = (one: Case, text: string, problem: string): string => `${named(one, text)} ${problem}`;

export const unsafeRequester = ({ requester }: Case): string =>
  `would be set to "${requester.username}", which ${unsafe}; declare another identity`;

/** Nobody declared what stands in for an empty field. */
const named = ({ declared }: Case, name: string): string => (declared === "" ? `the default "${name}"` : `"${name}"`);
