import type { Problem } from "../meta/json.ts";
import { parseQuery, splitAt } from "./query.ts";

const units = new Map<string | undefined, number>([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["\u00b5s", 1e-3],
  ["\u03bcs", 1e-3],
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

const duration = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;

/**
 * How many milliseconds a request may take: what `?timeout=` says, a duration as Go writes it, at most `most`
 * (`k8s.io/apiserver` pkg/endpoints/filters request_deadline.go). A duration that is not positive is none.
 *
 * @example requestTimeout("/api/v1/pods?timeout=1m30s", 60_000) // 60000
 */
export function requestTimeout(target: string, most: number): number | Problem {
  const [text = ""] = parseQuery(splitAt("?", target)[1])?.get("timeout") ?? [];
  if (text === "") return most;
  if (!duration.test(text)) return { problem: "invalid timeout specified in the request URL" };
  const parts = [...text.matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g)];
  const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units.get(unit) ?? 0), 0);
  return text.startsWith("-") || total === 0 ? most : Math.min(total, most);
}
