import { brief } from "../meta/brief.ts";
import { isObject, type Problem } from "../meta/json.ts";

/**
 * The user of a request: `authentication.k8s.io/v1` UserInfo, as `request.userInfo` carries it. It is the effective user: under
 * impersonation it is the impersonated user, and the impersonator is not mentioned.
 */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/**
 * Reads `request.userInfo`. A member that Kubernetes leaves out may be absent or null. Any other type is a problem. An empty username is a
 * problem too, because an API server answers no question without a user.
 *
 * @example readUserInfo({ username: "alice" }) // { username: "alice", groups: [], extra: {} }
 */
export function readUserInfo(value: unknown): UserInfo | Problem {
  if (!isObject(value)) return { problem: "request.userInfo is not an object" };
  const { username, uid, groups, extra } = value;
  if (typeof username !== "string" || username === "")
    return { problem: "request.userInfo.username is empty or not a string" };
  if (uid != null && typeof uid !== "string") return { problem: "request.userInfo.uid is not a string" };
  if (groups != null && !isStrings(groups)) return { problem: "request.userInfo.groups is not a list of strings" };
  if (extra != null && !isObject(extra)) return { problem: "request.userInfo.extra is not an object" };
  const entries = Object.entries(extra ?? {}).map(([key, values]) => [key, values ?? []] as const);
  const odd = entries.find(([, values]) => !isStrings(values));
  if (odd) return { problem: `request.userInfo.extra[${JSON.stringify(brief(odd[0]))}] is not a list of strings` };
  return {
    username,
    ...(uid ? { uid } : {}),
    groups: groups ?? [],
    extra: Object.fromEntries(entries) as Record<string, string[]>,
  };
}
