import type { APIGatewayProxyEvent } from "aws-lambda";
import type { Problem } from "../../lib/meta/json.ts";
import type { HttpEvent } from "./read-event.ts";

/** The target of a proxied request, rebuilt from an event. */
export interface RebuiltTarget {
  /** What stands in front of `/k8s/clusters/` in the client's URL: the stage of the gateway, or the base path of a domain name. */
  readonly base: string;
  /** From `/k8s/clusters/` on, with the query. */
  readonly target: string;
}

const ours = "/k8s/clusters/";

/** What is the same in its raw and in its decoded form: no `%`, no space, no `?`, nothing beyond ASCII, and no `;`. */
const plainPath = /^\/[\w.~!$&'()*+,=:@/-]*$/;

/**
 * Rebuilds the target of a request from its event. Gateways differ in what they decode of a path, so a path is taken only where its raw and
 * its decoded form are the same. A REST API (payload 1.0) hands over the query decoded and without the order of its names: it is encoded
 * anew. Payload 2.0 has the query as it was sent.
 */
export function rebuildTarget(event: HttpEvent): RebuiltTarget | Problem {
  const [path, whole] =
    "rawPath" in event ? [event.rawPath, event.rawPath] : [event.path, event.requestContext?.path ?? event.path];
  if (!plainPath.test(path))
    return { problem: `the path has a character that may not have arrived as it was sent; ${allowed}` };
  if (/\/\/|\/\.{1,2}(\/|$)/.test(path)) return { problem: `the path has an empty segment, . or ..; ${allowed}` };
  const at = Math.max(path.indexOf(ours), 0);
  const own = path.slice(at);
  if (!whole.endsWith(own)) return { problem: "the event names two paths; the gateway has changed one of them" };
  const query = "rawPath" in event ? event.rawQueryString : encodedQuery(event);
  if (typeof query !== "string") return query;
  return { base: whole.slice(0, whole.length - own.length), target: query === "" ? own : `${own}?${query}` };
}

const allowed =
  "behind this gateway it may hold letters, digits and . _ ~ ! $ & ' ( ) * + , = : @ - between single slashes; use the proxy's server for others";

const encodedQuery = ({
  multiValueQueryStringParameters: lists,
  queryStringParameters: values,
}: APIGatewayProxyEvent): string | Problem => {
  if (!lists && values && Object.keys(values).length > 0)
    return { problem: "the event has no multiValueQueryStringParameters, so that repeated parameters are lost" };
  try {
    return Object.entries(lists ?? {})
      .flatMap(([name, list = []]) => list.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`))
      .join("&");
  } catch {
    return { problem: "the query is not Unicode text" };
  }
};
