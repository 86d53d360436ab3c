import { impersonatedGroups } from "../identity/implied-groups.ts";
import type { UserInfo } from "../identity/user-info.ts";
import type { HeaderLine } from "../meta/header-line.ts";
import type { Problem } from "../meta/json.ts";
import { impersonationQuestion, question, type ResourceQuestion } from "../question/question.ts";
import { extraKeyOf } from "./extra-key.ts";
import { textOfBytes } from "./header-bytes.ts";

/** Who a caller asks to be (`kubectl --as`). */
export interface Impersonation {
  readonly username: string;
  /** As they were asked for, without those that the API server implies. */
  readonly groups: readonly string[];
  /** In the order of the headers. */
  readonly extra: readonly (readonly [key: string, value: string])[];
  /** "" for none. */
  readonly uid: string;
}

const extraPrefix = "impersonate-extra-";
const known = /^impersonate-(user|group|uid|extra-.*)$/;

/**
 * Reads the impersonation headers of a request, as the API server does (`k8s.io/apiserver` pkg/endpoints/filters/impersonation): the first
 * `Impersonate-User` and `Impersonate-Uid`, each line of `Impersonate-Group` and of `Impersonate-Extra-KEY`. Every other header that
 * begins with `impersonate` is a problem: another version of the API server might take it for one.
 *
 * @returns undefined where none is asked for
 */
export function readImpersonation(lines: readonly HeaderLine[]): Impersonation | Problem | undefined {
  const named = lines.filter(([name]) => /^impersonate/i.test(name));
  const unknown = named.find(([name]) => !known.test(name.toLowerCase()));
  if (unknown) return { problem: `the header ${unknown[0]} is not one of impersonation; remove it` };
  const texts = named.map(([name, value]) => [name.toLowerCase(), textOfBytes(value)] as const);
  if (!texts.every(isText)) return { problem: "an impersonation header is not UTF-8" };
  const all = (wanted: string): readonly string[] => texts.flatMap(([name, text]) => (name === wanted ? [text] : []));
  const extra: (readonly [string, string])[] = [];
  for (const [name, text] of texts) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = extraKeyOf(name.slice(extraPrefix.length));
    if (key === undefined) return { problem: "the name of an impersonation header is not UTF-8" };
    extra.push([key, text]);
  }
  const [username = ""] = all("impersonate-user");
  const [uid = ""] = all("impersonate-uid");
  const asked: Impersonation = { username, groups: all("impersonate-group"), extra, uid };
  if (username !== "") return asked;
  return asked.groups.length > 0 || extra.length > 0 || uid !== ""
    ? { problem: "the request impersonates groups, extra or a uid without a user; add Impersonate-User" }
    : undefined;
}

const isText = (line: readonly [string, string | undefined]): line is HeaderLine => line[1] !== undefined;

/**
 * The questions whether a caller may be who it asks to be, in the order in which the API server asks them: the user or service account,
 * each group, each value of extra, the uid.
 */
export function impersonationQuestions(caller: UserInfo, asked: Impersonation): readonly ResourceQuestion[] {
  const about = (group: string, resource: string, name: string, more: { readonly subresource?: string } = {}) =>
    question(caller, { verb: "impersonate", group, version: "v1", resource, ...more, name });
  return [
    impersonationQuestion(caller, asked.username),
    ...asked.groups.map((name) => about("", "groups", name)),
    ...asked.extra.map(([key, value]) => about("authentication.k8s.io", "userextras", value, { subresource: key })),
    ...(asked.uid === "" ? [] : [about("authentication.k8s.io", "uids", asked.uid)]),
  ];
}

/** The user that a request goes on as, once all of it was allowed. */
export function impersonatedUser({ username, groups, extra, uid }: Impersonation): UserInfo {
  const keys = [...new Set(extra.map(([key]) => key))];
  const valuesUnder = (wanted: string) => extra.flatMap(([key, value]) => (key === wanted ? [value] : []));
  return {
    username,
    ...(uid && { uid }),
    groups: impersonatedGroups(username, groups),
    extra: Object.fromEntries(keys.map((key) => [key, valuesUnder(key)])),
  };
}
