import type { UserInfo } from "../../../lib/identity/index.ts";
import type { HeaderLine } from "../../../lib/proxy/index.ts";
import type { ProxyCase } from "./case.ts";

// The promises, said once more and in other words than the library's.

/** A user with its extra as pairs, which no name of a member can confuse. */
export interface Identity {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: readonly (readonly [key: string, values: readonly string[]])[];
}

export const identityOf = ({ username, uid = "", groups, extra }: UserInfo): Identity => ({
  username,
  uid,
  groups,
  extra: Object.entries(extra).filter(([, values]) => values.length > 0),
});

export const anonymous: Identity = {
  username: "system:anonymous",
  uid: "",
  groups: ["system:unauthenticated"],
  extra: [],
};

/** The text that bytes are, each of which is a character; undefined where they are not UTF-8. */
export const utf8 = (value: string): string | undefined => {
  if ([...value].some((character) => character > "\xff")) return undefined;
  const buffer = Buffer.from(value, "latin1");
  const text = buffer.toString("utf8");
  return Buffer.from(text, "utf8").equals(buffer) ? text : undefined;
};

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** A key of extra behind its prefix, as the API server reads it. */
export const extraKey = (encoded: string): string | undefined => {
  const lower = encoded.toLowerCase();
  // Go leaves a text with a stray percent sign as it is.
  return lower
    .split("%")
    .slice(1)
    .every((part) => /^[0-9a-f]{2}/.test(part))
    ? utf8(percentDecoded(lower))
    : lower;
};

/** Who a caller asks to be, `none`, or `refused` for what must not go on. */
export const askedFor = (lines: readonly HeaderLine[]): Identity | "none" | "refused" => {
  const own = lines.filter(([name]) => name.slice(0, 11).toLowerCase() === "impersonate");
  const asked = {
    users: [] as string[],
    groups: [] as string[],
    uids: [] as string[],
    extra: new Map<string, string[]>(),
  };
  for (const [name, value] of own) {
    const text = utf8(value);
    const [, what = "", key = ""] = /^impersonate-(user$|group$|uid$|extra-)(.*)$/s.exec(name.toLowerCase()) ?? [];
    if (text === undefined || what === "") return "refused";
    if (what === "user") asked.users.push(text);
    if (what === "group") asked.groups.push(text);
    if (what === "uid") asked.uids.push(text);
    if (what === "extra-") {
      const decoded = extraKey(key);
      if (decoded === undefined) return "refused";
      asked.extra.set(decoded, [...(asked.extra.get(decoded) ?? []), text]);
    }
  }
  const [username = ""] = asked.users;
  const [uid = ""] = asked.uids;
  if (username === "") return asked.groups.length + asked.extra.size > 0 || uid !== "" ? "refused" : "none";
  return { username, uid, groups: asked.groups, extra: [...asked.extra] };
};

/** With the groups that the API server gives to a user that is impersonated. */
export const withImpliedGroups = (asked: Identity): Identity => {
  const { username } = asked;
  let groups = [...asked.groups];
  const [, namespace] = /^system:serviceaccount:([a-z0-9-]+):[a-z0-9.-]+$/.exec(username) ?? [];
  if (groups.length === 0 && namespace) groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  const [yes, no] = ["system:authenticated", "system:unauthenticated"];
  if (username === "system:anonymous") return { ...asked, groups: groups.includes(no) ? groups : [...groups, no] };
  return { ...asked, groups: groups.includes(yes) || groups.includes(no) ? groups : [...groups, yes] };
};

/** Whether a key of extra is the proxy's own. */
export const isReserved = (key: string): boolean => {
  const lower = key.toLowerCase();
  return (
    lower.startsWith("proxy.impersonation-admission/") || lower.endsWith(".impersonation-proxy.concierge.pinniped.dev")
  );
};

/** Whether a header carries a text to the API server as it is. */
export const arrives = (text: string): boolean =>
  text === text.replace(/^ +| +$/g, "") &&
  [...text].every((character) => {
    const code = character.codePointAt(0) as number;
    return code >= 32 && code !== 127 && !(code >= 0xd800 && code <= 0xdfff);
  });

/** The questions that must have a yes before a caller is another user, each as text. */
export const impersonationNeeds = (asked: Identity): readonly string[] => {
  const [, namespace, account] = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(asked.username) ?? [];
  return [
    namespace ? `serviceaccounts ${namespace} ${account}` : `users  ${asked.username}`,
    ...asked.groups.map((group) => `groups  ${group}`),
    ...asked.extra.flatMap(([key, values]) => values.map((value) => `userextras/${key}  ${value}`)),
    ...(asked.uid === "" ? [] : [`uids  ${asked.uid}`]),
  ];
};

/** What the request itself is about, as text; undefined where nothing is asked. A list may be a watch, and a selector may say the name. */
export const ownNeed = ({ method, target }: ProxyCase["line"]): RegExp | undefined => {
  const [rawPath = ""] = target.split("?");
  const path = utf8(percentDecoded(rawPath)) ?? "";
  if (["/livez", "/readyz", "/healthz"].includes(path)) return undefined;
  const parts = path.replace(/^\/+/, "").replace(/\/+$/, "").split("/");
  const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const [group, version, ...rest] = parts[0] === "api" ? ["", ...parts.slice(1)] : parts.slice(1);
  if ((parts[0] !== "api" && parts[0] !== "apis") || version === undefined || rest.length === 0)
    return new RegExp(`^path ${quoted(method.toLowerCase())} ${quoted(path)}$`, "s");
  const special = rest[0] === "watch" || rest[0] === "proxy" ? rest.shift() : undefined;
  let namespace = "";
  if (rest[0] === "namespaces") {
    namespace = rest[1] ?? "";
    if (rest.length > 2 && rest[2] !== "status" && rest[2] !== "finalize") rest.splice(0, 2);
  }
  const [resource = "", name = "", sub = ""] = rest;
  const verbs: Readonly<Record<string, string>> = {
    POST: "create",
    GET: "get",
    HEAD: "get",
    PUT: "update",
    PATCH: "patch",
    DELETE: "delete",
  };
  const plain = special ?? verbs[method] ?? "";
  const isMany = name === "" && special === undefined;
  const verb =
    isMany && plain === "get" ? "(list|watch)" : isMany && plain === "delete" ? "deletecollection" : quoted(plain);
  const subresource = special === "proxy" || sub === "" ? "" : `/${sub}`;
  const anyName = isMany && plain === "get" && target.includes("?") ? "[^/]*" : quoted(name);
  const what = `${quoted(`${group}/${version} ${resource}${subresource}`)} ${quoted(namespace)} ${anyName}`;
  return new RegExp(`^${verb} ${what}$`, "s");
};

const ofTheConnection = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade http2-settings expect host".split(
    " ",
  ),
);

/** The lines of the client that must go on, and no others. */
export const linesToKeep = ({ lines, outgoing }: ProxyCase): readonly HeaderLine[] => {
  const named = lines
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim());
  return lines.filter(([original]) => {
    const name = original.toLowerCase();
    const plain = name.replaceAll("_", "-");
    if (ofTheConnection.has(name) || named.includes(name)) return false;
    if (["authorization", "forwarded", "x-real-ip"].includes(plain)) return false;
    if (["x-remote-user", "x-remote-group", "x-remote-uid"].includes(plain)) return false;
    if (["impersonate", "x-forwarded-", "x-remote-extra-"].some((prefix) => plain.startsWith(prefix))) return false;
    if (outgoing.frontProxy && (name === "x-id" || name === "x-teams" || name.startsWith("x-more-"))) return false;
    return !(outgoing.upgrade && name === "sec-websocket-protocol");
  });
};
