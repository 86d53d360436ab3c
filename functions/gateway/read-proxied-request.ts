import type { HeaderLine } from "../../lib/meta/header-line.ts";
import { isProblem, type Problem } from "../../lib/meta/json.ts";
import type { HttpEvent } from "./read-event.ts";
import { rebuildTarget } from "./rebuild-target.ts";

/** A request to the proxy, whichever gateway it came through. */
export interface ProxiedRequest {
  readonly method: string;
  /** What stands in front of the target in the client's URL. */
  readonly base: string;
  readonly target: string;
  /** The headers, and the length of the body. */
  readonly lines: readonly HeaderLine[];
  /** Undefined where there is none. */
  readonly body: Buffer | undefined;
  /** The address that the gateway got the request from. */
  readonly peer: string;
  /** Whether the gateway has checked a client certificate (mutual TLS of a custom domain name). */
  readonly hasClientCertificate: boolean;
}

/**
 * Reads a gateway's event for the proxy, where the identity of a caller must not depend on what a gateway makes of a request. A problem for an event of
 * another shape, and for a request that may not have arrived as it was sent.
 */
export function readProxiedRequest(event: HttpEvent): ProxiedRequest | Problem {
  const from = senderOf(event);
  if (from === undefined) return { problem: "the event is not from a REST API, an HTTP API or a Function URL" };
  const rebuilt = rebuildTarget(event);
  if (isProblem(rebuilt)) return rebuilt;
  const headers = headerLines(event);
  if (isProblem(headers)) return headers;
  const body = bodyOf(event);
  if (isProblem(body)) return body;
  const lines = headers.filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name));
  return {
    ...from,
    ...rebuilt,
    lines: body ? [...lines, ["content-length", String(body.length)]] : lines,
    body,
  };
}

const senderOf = (event: HttpEvent): Pick<ProxiedRequest, "method" | "peer" | "hasClientCertificate"> | undefined => {
  if ("rawPath" in Object(event)) {
    const { http, authentication } = (event as Extract<HttpEvent, { rawPath: string }>).requestContext;
    const hasClientCertificate = Boolean((authentication as { clientCert?: unknown } | null | undefined)?.clientCert);
    return { method: http.method, peer: http.sourceIp, hasClientCertificate };
  }
  const { path, httpMethod, requestContext } = Object(event);
  if (typeof path !== "string" || typeof httpMethod !== "string") return undefined;
  const { sourceIp = "", clientCert } = requestContext?.identity ?? {};
  return { method: httpMethod, peer: sourceIp, hasClientCertificate: Boolean(clientCert) };
};

/** Headers that say who the caller is, or which host is meant: two lines of one name are not one line with a comma. */
const singular = /^(authorization|host|impersonate.*)$/i;

const headerLines = (event: HttpEvent): readonly HeaderLine[] | Problem => {
  const isJoined = "rawPath" in event;
  if (!isJoined && !event.multiValueHeaders)
    return { problem: "the event has no multiValueHeaders, so that repeated headers are lost" };
  const headers: Readonly<Record<string, string | readonly string[] | undefined>> = isJoined
    ? event.headers
    : (event.multiValueHeaders ?? {});
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): HeaderLine => [name, value]),
  );
  const unclear = lines.find(([, value]) => !/^[\t -~]*$/.test(value));
  if (unclear)
    return { problem: `the header ${unclear[0]} is not ASCII, and a gateway does not say how it was encoded` };
  const joined = isJoined ? lines.find(([name, value]) => singular.test(name) && value.includes(",")) : undefined;
  if (joined)
    return {
      problem: `the header ${joined[0]} has a comma, which may stand for two lines; use a REST API (payload 1.0)`,
    };
  return lines;
};

const bodyOf = ({ body, isBase64Encoded }: HttpEvent): Buffer | undefined | Problem => {
  if (!body) return undefined;
  if (isBase64Encoded) return Buffer.from(body, "base64");
  // What a gateway puts in place of bytes that are not UTF-8, such as those of protobuf.
  if (body.includes("\ufffd"))
    return { problem: "the body was not handed over as it was sent; set binaryMediaTypes of the gateway to */*" };
  return Buffer.from(body);
};
