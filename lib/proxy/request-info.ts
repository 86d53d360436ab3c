import type { Problem } from "../meta/json.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { isInt64 } from "./int64.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { parseQuery, percentDecoded, type Query, splitAt } from "./query.ts";

/** What a request is about: RequestInfo of `k8s.io/apiserver` pkg/endpoints/request. */
export interface RequestInfo {
  /** Whether the path names a resource; if not, only `path` and `verb` say something. */
  readonly isResourceRequest: boolean;
  /** Percent-decoded, and not normalised. */
  readonly path: string;
  /** `get`, `list`, `watch` and so on; "" for a method that no resource has. For other paths, the method in lower case. */
  readonly verb: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** As they stand in the query, of the verbs that select; "" where there is none. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

const verbs = new Map([
  ["POST", "create"],
  ["GET", "get"],
  ["HEAD", "get"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);

/** Verbs that stand in the path, before the resource. */
const verbsInPath = ["proxy", "watch"];
const selectingVerbs = ["list", "watch", "deletecollection"];
const namespaceSubresources = ["status", "finalize"];

/**
 * Reads a request line as the API server does (`k8s.io/apiserver` pkg/endpoints/request NewRequestInfo): the path is percent-decoded,
 * then split at its slashes, and nothing in it is resolved. Only a target that begins with `/` is read (RFC 9112, origin-form).
 *
 * @param target the request's target as it was received
 * @returns a problem for what the API server refuses to read, and for bytes that are not UTF-8, which no question could hold
 * @example readRequestInfo("GET", "/api/v1/namespaces/a/pods?watch=1").verb // "watch"
 */
export function readRequestInfo(method: string, target: string): RequestInfo | Problem {
  if (!/^\/[!-~]*$/.test(target)) return { problem: "the request's target must be a path of printable ASCII" };
  const [rawPath, rawQuery] = splitAt("?", target);
  const path = percentDecoded(rawPath);
  const query = parseQuery(rawQuery);
  if (path === undefined || query === undefined)
    return { problem: "the request's target has a percent sign that does not encode UTF-8" };
  const nothing = { apiGroup: "", apiVersion: "", namespace: "", resource: "", subresource: "", name: "" };
  const other = {
    isResourceRequest: false,
    path,
    verb: asciiLowerCase(method),
    ...nothing,
    fieldSelector: "",
    labelSelector: "",
  };
  const [prefix, ...behind] = path.replace(/^\/+|\/+$/g, "").split("/");
  const segments = prefix === "api" ? ["", ...behind] : behind;
  if ((prefix !== "api" && prefix !== "apis") || !nameAResource(segments)) return other;
  const [apiGroup, apiVersion, first, ...more] = segments;
  const isVerbInPath = verbsInPath.includes(first);
  const [resource, ...parts] = isVerbInPath ? more : [first, ...more];
  if (resource === undefined) return { problem: `the path names no resource behind ${first}` };
  const verb = isVerbInPath ? first : (verbs.get(method) ?? "");
  const named = resourceOf(resource, parts, verb);
  const info = {
    ...other,
    isResourceRequest: true,
    apiGroup,
    apiVersion,
    ...named,
    ...verbOf(verb, named.name, query),
  };
  return isVerbInPath || !selectingVerbs.includes(info.verb) ? info : { ...info, ...selectorsOf(query) };
}

type ResourceSegments = readonly [apiGroup: string, apiVersion: string, first: string, ...more: string[]];

const nameAResource = (segments: readonly string[]): segments is ResourceSegments => segments.length >= 3;

/** Go's lower case of a method, which is a token of ASCII. */
const asciiLowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** `namespaces/NAME/RESOURCE` is a resource in a namespace, except for the namespace's own subresources. */
const resourceOf = (first: string, more: readonly string[], verb: string) => {
  const [namespace = "", third, ...others] = more;
  const isNamespaced = first === "namespaces" && third !== undefined && !namespaceSubresources.includes(third);
  const [name = "", subresource = ""] = isNamespaced ? others : more;
  return {
    namespace: first === "namespaces" ? namespace : "",
    resource: isNamespaced ? third : first,
    name,
    subresource: verb === "proxy" ? "" : subresource,
  };
};

/** Without a name, a get is a list or a watch, and a delete is of a collection. A selector of one name is that name. */
const verbOf = (verb: string, name: string, query: Query): { readonly verb: string; readonly name: string } => {
  if (name !== "" || (verb !== "get" && verb !== "delete")) return { verb, name };
  if (verb === "delete") return { verb: "deletecollection", name };
  const [watch] = query.get("watch") ?? [];
  const requirements = listRequirements(query);
  // The API server folds the case of this word in two ways, by whether it can read the other parameters.
  const isFalse = requirements
    ? /^(0|false)$/iu.test(watch ?? "0")
    : ["0", "false"].includes((watch ?? "0").toLowerCase());
  const [selected = ""] =
    requirements?.find(({ key, operator }) => key === "metadata.name" && operator === "In")?.values ?? [];
  return { verb: isFalse ? "list" : "watch", name: isPathSegment(selected) ? selected : "" };
};

/** The field selector of a list whose options can be read; undefined where one of them cannot (`meta/v1` ListOptions). */
const listRequirements = (query: Query) => {
  const numbers = [query.get("limit"), query.get("timeoutSeconds")].flatMap((values) => values?.slice(0, 1) ?? []);
  const { fieldSelector, labelSelector } = selectorsOf(query);
  const isReadable = numbers.every(isInt64) && parseLabelSelector(labelSelector) !== undefined;
  return isReadable ? parseFieldSelector(fieldSelector) : undefined;
};

const selectorsOf = (query: Query) => ({
  fieldSelector: query.get("fieldSelector")?.[0] ?? "",
  labelSelector: query.get("labelSelector")?.[0] ?? "",
});

/** A name that can stand in a path (`k8s.io/apimachinery` pkg/api/validate/content IsPathSegmentName). */
const isPathSegment = (name: string): boolean => !/^\.{1,2}$|[/%]/.test(name);
