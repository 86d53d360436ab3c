import type { UserInfo } from "../identity/user-info.ts";
import { brief } from "../meta/brief.ts";
import type { HeaderLine } from "../meta/header-line.ts";
import type { Problem } from "../meta/json.ts";
import { encodedExtraKey } from "./extra-key.ts";
import { bytesOfText } from "./header-bytes.ts";

/** The key of `extra` that carries the caller of a nested impersonation into the audit log. */
const originalUserKey = "proxy.impersonation-admission/original-user-info";

/**
 * The headers with which the acting account impersonates a user: the name, each group and each value of extra on a line of its own, the
 * uid. A value that would arrive as another one is a problem, and so is an empty name, which would impersonate no user.
 *
 * @param original the caller, where it asked to be `user`: it travels as JSON of `authentication.k8s.io/v1` UserInfo
 */
export function actingLines(
  { username, uid, groups, extra }: UserInfo,
  original: UserInfo | undefined,
): { readonly lines: readonly HeaderLine[] } | Problem {
  const wanted: (readonly [name: string | undefined, value: string])[] = [
    ["Impersonate-User", username],
    ...groups.map((group) => ["Impersonate-Group", group] as const),
    ...Object.entries(extra).flatMap(([key, values]) => values.map((value) => [extraHeader(key), value] as const)),
    ...(original ? [[extraHeader(originalUserKey), asciiJson(original)] as const] : []),
    ...(uid ? [["Impersonate-Uid", uid] as const] : []),
  ];
  if (username === "") return { problem: "a user with an empty name cannot be impersonated" };
  const lines: HeaderLine[] = [];
  for (const [name, text] of wanted) {
    const value = bytesOfText(text);
    if (name === undefined || value === undefined)
      return {
        problem: `${name ?? "a key of extra"} ${JSON.stringify(brief(text))} would not arrive as it is in a header`,
      };
    lines.push([name, value]);
  }
  return { lines };
}

const extraHeader = (key: string): string | undefined => {
  const encoded = encodedExtraKey(key);
  return encoded === undefined || encoded === "" ? undefined : `Impersonate-Extra-${encoded}`;
};

/** Members in the order of the API type, keys of extra in order, everything that is not printable ASCII escaped. */
const asciiJson = ({ username, uid, groups, extra }: UserInfo): string => {
  const keys = Object.keys(extra).sort();
  const user = {
    username,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(keys.length > 0 && { extra: Object.fromEntries(keys.map((key) => [key, extra[key]])) }),
  };
  return JSON.stringify(user).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
};
