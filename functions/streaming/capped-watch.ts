import { isProblem } from "../../lib/meta/json.ts";
import { readRequestInfo } from "../../lib/proxy/index.ts";
import { isInt64 } from "../../lib/proxy/int64.ts";

/**
 * The target of a request whose watch, if it is one, ends by itself after so many seconds: `timeoutSeconds` is lowered, or added. Every
 * other target stays as it is, and so does a value that the API server refuses.
 *
 * @param target what goes on to the API server
 * @example cappedWatch("GET", "/api/v1/pods?watch=1&timeoutSeconds=600", 240) // "/api/v1/pods?watch=1&timeoutSeconds=240"
 */
export function cappedWatch(method: string, target: string, most: number): string {
  const info = readRequestInfo(method, target);
  if (isProblem(info) || info.verb !== "watch") return target;
  const [path = "", ...rest] = target.split("?");
  const pairs = rest
    .join("?")
    .split("&")
    .filter((pair) => pair !== "");
  const [asked = "0"] = pairs.flatMap((pair) => secondsIn(pair) ?? []);
  if (!isInt64(asked)) return target;
  // Zero is as long as the API server likes.
  const seconds = Number(asked) === 0 ? most : Math.min(Number(asked), most);
  const others = pairs.filter((pair) => secondsIn(pair) === undefined);
  return `${path}?${[...others, `timeoutSeconds=${seconds}`].join("&")}`;
}

/** The value of a pair that says how long a watch lasts, as the API server reads it. It does not count a pair with a semicolon. */
const secondsIn = (pair: string): string | undefined => {
  if (pair.includes(";")) return undefined;
  const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair.replaceAll("+", " ")) ?? [];
  try {
    return decodeURIComponent(name) === "timeoutSeconds" ? decodeURIComponent(value) : undefined;
  } catch {
    return undefined;
  }
};
