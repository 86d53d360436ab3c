import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import { isObject } from "../../../lib/meta/json.ts";
import { printable } from "../../../lib/meta/printable.ts";
import type { StatusObject } from "../../../lib/meta/status.ts";
import type { ConcludeOptions, HeaderLine } from "../../../lib/proxy/index.ts";
import { isUtf8 } from "../request-info/check.ts";
import type { RandomRequest } from "./requests.ts";
import type { Received } from "./sender.ts";

/** Where an answer through the proxy differs on purpose, as docs/proxy.md says. */
export const differences = [
  "the words of a 400",
  "the words of a refused impersonation",
  "a Status is always JSON",
  "unknown impersonation headers: 400",
  "bytes that are not UTF-8: 400",
  "--as-uid with passthrough: 403",
  "impersonation without a user: 400",
  "methods that no resource has: 403",
  "no resource behind watch or proxy: 400",
  "unprintable characters are escaped",
  "nodes get system:nodes by constraint",
] as const;
export type Difference = (typeof differences)[number];

export type Comparison =
  | { readonly same: true }
  | { readonly documented: Difference }
  | { readonly disagreement: string };

/** What a client gets. */
export interface Reply {
  readonly status: number;
  /** JSON where it is JSON, else text. */
  readonly body: unknown;
  /** Some of the headers. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Whether the API server gave it. */
  readonly isForwarded: boolean;
}

const compared = ["content-type", "content-encoding", "etag", "location", "warning", "cache-control", "allow", "vary"];

const valuesOf = ({ lines }: Received, name: string): readonly string[] =>
  lines.flatMap(([own, value]) => (own === name ? [value] : []));

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** A watch sends a line for each event. */
const bodyOf = (received: Received): unknown => {
  const isGzip = valuesOf(received, "content-encoding").includes("gzip");
  const text = (isGzip ? gunzipSync(received.body) : received.body).toString("utf8");
  // Each look at metrics changes them.
  if (text.startsWith("# HELP ")) return "metrics";
  const whole = jsonOf(text);
  if (typeof whole !== "string" || !text.includes("\n{")) return whole;
  return text.split("\n").map(jsonOf);
};

export const replyOf = (received: Received): Reply => ({
  status: received.status,
  body: bodyOf(received),
  headers: Object.fromEntries(
    compared.flatMap((name) => {
      const values = valuesOf(received, name);
      return values.length === 0 ? [] : [[name, values] as const];
    }),
  ),
  isForwarded: valuesOf(received, "audit-id").length > 0,
});

/** The answer of a proxy that refuses a request. */
export const refusalReply = (method: string, refusal: StatusObject): Reply => ({
  status: refusal.code,
  body: method === "HEAD" ? "" : JSON.parse(JSON.stringify(refusal)),
  headers: { "content-type": ["application/json"] },
  isForwarded: false,
});

const originalKey = "proxy.impersonation-admission/original-user-info";
/** Members that are others at each time. */
const fleeting = new Set(["creationTimestamp", "resourceVersion", "time", "expirationTimestamp", "token", "continue"]);
/** A column of a table. */
const isAge = (text: string): boolean => /^(\d+[smhd]){1,2}$/.test(text);

/** RBAC goes through its bindings in any order, and says which one allowed and which ones name a role that is missing. */
const inOrder = (text: string): string =>
  text
    .replace(/RBAC: allowed by .*/, "RBAC: allowed")
    .replace(/\[([^[\]]* not found)\]/g, (_, list: string) => list.split(", ").sort().join(", "));

/** A body without what is another one at each time, such as the order of a SelfSubjectRulesReview, and without the original user in extra. */
const steady = (value: unknown, at = ""): unknown => {
  if (Array.isArray(value)) {
    const items = value.map((item) => steady(item, at));
    return at.endsWith("Rules") ? items.map((item) => JSON.stringify(item)).sort() : items;
  }
  if (typeof value === "string") return isAge(value) ? "AGE" : inOrder(value);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      fleeting.has(key) || key === originalKey || (at === "metadata" && key === "uid")
        ? []
        : [[key, steady(member, key)] as const],
    ),
  );
};

const withoutEmptyExtra = (body: unknown): unknown => {
  if (!isObject(body) || body["kind"] !== "SelfSubjectReview") return body;
  const text = JSON.stringify(body, (key, value) =>
    key === "extra" && isObject(value) && Object.keys(value).length === 0 ? undefined : value,
  );
  return JSON.parse(text);
};

const decided = /(: invalid verb)?(: |, )decision made by proxy\.impersonation-admission$/;

/** The parts of an answer that must be the same. */
const partsOf = ({ status, body, headers }: Reply) => {
  const steadyBody = withoutEmptyExtra(steady(body));
  if (!isObject(steadyBody) || steadyBody["kind"] !== "Status") return { status, headers, body: steadyBody };
  return { status, headers, body: { ...steadyBody, message: String(steadyBody["message"]).replace(decided, "") } };
};

const printed = ({ body, ...parts }: ReturnType<typeof partsOf>): unknown =>
  isObject(body) ? { ...parts, body: { ...body, message: printable(String(body["message"])) } } : { ...parts, body };

/** An impersonated node, in a SelfSubjectReview, without the group that only constrained impersonation gives it. */
const withoutNodes = (parts: ReturnType<typeof partsOf>): unknown =>
  JSON.parse(JSON.stringify(parts), (_, member) =>
    isObject(member) && String(member["username"]).startsWith("system:node:") ? nodeAlone(member) : member,
  );

/** A node without the group of all nodes. */
export const nodeAlone = (user: object): object =>
  "groups" in user && Array.isArray(user.groups)
    ? { ...user, groups: user.groups.filter((group) => group !== "system:nodes") }
    : user;

const messageOf = ({ body }: Reply): string => (isObject(body) ? String(body["message"] ?? "") : "");
const reasonOf = ({ body }: Reply): unknown => (isObject(body) ? body["reason"] : undefined);

const pathOf = (target: string): string => decodeURIComponent(target.replace(/\?.*$/s, ""));

const isUnknown = ([name]: HeaderLine): boolean =>
  /^impersonate/i.test(name) && !/^impersonate-(user|group|uid|extra-.*)$/i.test(name);

const asksUid = ([name, value]: HeaderLine): boolean => /^impersonate-uid$/i.test(name) && value !== "";

/** Compares the answer of the API server itself with the one through the proxy. */
export const compareReplies = (
  { method, target, lines }: RandomRequest,
  direct: Reply,
  through: Reply,
  { minor, uid }: { readonly minor: number; readonly uid: ConcludeOptions["uid"] },
): Comparison => {
  if (through.isForwarded) {
    const [theirs, ours] = [partsOf(direct), partsOf(through)];
    if (isDeepStrictEqual(theirs, ours)) return { same: true };
    return minor >= 36 && isDeepStrictEqual(withoutNodes(theirs), ours)
      ? { documented: "nodes get system:nodes by constraint" }
      : { disagreement: said(theirs, ours) };
  }
  const message = messageOf(through);
  if (through.status === 400 && lines.some(isUnknown)) return { documented: "unknown impersonation headers: 400" };
  if (through.status === 400 && !isUtf8(target) && direct.status !== 400 && direct.status !== 0)
    return { documented: "bytes that are not UTF-8: 400" };
  const isUidRefused =
    method === "HEAD" ? direct.status !== 403 : message.startsWith("this proxy does not impersonate uids");
  if (uid === "passthrough" && through.status === 403 && lines.some(asksUid) && isUidRefused)
    return { documented: "--as-uid with passthrough: 403" };
  if (
    minor < 36 &&
    through.status === 400 &&
    direct.status === 500 &&
    lines.some(([name]) => /^impersonate-/i.test(name))
  )
    return { documented: "impersonation without a user: 400" };
  if (through.status === 400 && direct.status === 500 && /\/(watch|proxy)\/*$/.test(pathOf(target)))
    return { documented: "no resource behind watch or proxy: 400" };
  // Go closes the stream of a target that it cannot read, or writes a line of text.
  if (through.status === 400 && direct.status === 0) return { documented: "the words of a 400" };
  const [theirs, ours] = [
    { ...partsOf(direct), headers: {} },
    { ...partsOf(through), headers: {} },
  ];
  if (isDeepStrictEqual(theirs, ours)) return { same: true };
  if (through.status === 403 && direct.status >= 400 && !/^(GET|HEAD|POST|PUT|PATCH|DELETE)$/.test(method))
    return { documented: "methods that no resource has: 403" };
  if (direct.status !== through.status) return { disagreement: said(theirs, ours) };
  if (isDeepStrictEqual(printed(theirs), ours)) return { documented: "unprintable characters are escaped" };
  if (direct.headers["content-type"]?.[0] !== "application/json")
    return through.status === 400 ? { documented: "the words of a 400" } : { documented: "a Status is always JSON" };
  if (reasonOf(direct) !== reasonOf(through)) return { disagreement: said(theirs, ours) };
  if (through.status === 400) return { documented: "the words of a 400" };
  if (minor >= 36 && / cannot impersonate(-on:\S+)? /.test(message))
    return { documented: "the words of a refused impersonation" };
  return { disagreement: said(theirs, ours) };
};

const said = (theirs: unknown, ours: unknown): string =>
  `the API server says ${brief(JSON.stringify(theirs))}, through the proxy it is ${brief(JSON.stringify(ours))}`;

const brief = (text: string): string => (text.length <= 700 ? text : `${text.slice(0, 700)}...`);
