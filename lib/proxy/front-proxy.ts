import type { UserInfo } from "../identity/user-info.ts";
import type { HeaderLine } from "../meta/header-line.ts";
import type { Problem } from "../meta/json.ts";
import { extraKeyOf } from "./extra-key.ts";
import { textOfBytes, valuesOf } from "./header-bytes.ts";

/**
 * The headers that a front proxy of the cluster may name a user in: the members `requestheader-*` of the ConfigMap
 * `extension-apiserver-authentication` in `kube-system`, in lower case. The first name or prefix that is there counts.
 */
export interface FrontProxyHeaders {
  readonly username: readonly string[];
  readonly uid: readonly string[];
  readonly group: readonly string[];
  readonly extraPrefix: readonly string[];
}

/**
 * The user that a front proxy names, as the API server reads it (`k8s.io/apiserver` pkg/authentication/request/headerrequest). Whether the
 * connection is a front proxy's is for the caller to know.
 *
 * @returns undefined where no username is there, and a problem where a value is not UTF-8
 */
export function frontProxyUser(
  lines: readonly HeaderLine[],
  headers: FrontProxyHeaders,
): UserInfo | Problem | undefined {
  const texts = lines.map(([name, value]) => [name, textOfBytes(value)] as const);
  const firstOf = (names: readonly string[]) =>
    names.map((name) => valuesOf(lines, name)[0] ?? "").find((value) => value !== "") ?? "";
  const username = firstOf(headers.username);
  if (username === "") return undefined;
  const groups = headers.group.flatMap((name) => valuesOf(lines, name)).filter((value) => value !== "");
  const extra = new Map<string, string[]>();
  for (const prefix of headers.extraPrefix)
    for (const [name, value] of texts) {
      if (!name.toLowerCase().startsWith(prefix)) continue;
      const key = extraKeyOf(name.slice(prefix.length));
      if (key === undefined || value === undefined) return notText;
      extra.set(key, [...(extra.get(key) ?? []), value]);
    }
  const uid = textOfBytes(firstOf(headers.uid));
  const user = textOfBytes(username);
  const named = groups.map(textOfBytes);
  if (user === undefined || uid === undefined || named.includes(undefined)) return notText;
  return {
    username: user,
    ...(uid && { uid }),
    groups: named as readonly string[],
    extra: Object.fromEntries(extra),
  };
}

const notText: Problem = { problem: "a header of the front proxy is not UTF-8" };
