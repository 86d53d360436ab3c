import { createHash, createHmac } from "node:crypto";
import type { AwsCredentials } from "./own-credentials.ts";

/** The credentials of a signature, and the service, region and time that it is valid for. */
export interface Signing {
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  readonly date: Date;
}

/** A request before it is signed. The names of headers are in lower case. */
export interface Unsigned {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/** RFC 3986: everything but letters, digits and - . _ ~ */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** `20150830T123600Z` */
const timeOf = (date: Date): string => date.toISOString().replace(/[-:]|\.\d{3}/g, "");

const scopeOf = ({ date, region, service }: Signing): string =>
  `${timeOf(date).slice(0, 8)}/${region}/${service}/aws4_request`;

/** Sorted by name and then by value: a space sorts before every character of an encoded name. */
const queryOf = (url: URL): string =>
  [...url.searchParams]
    .map(([name, value]) => `${encode(name)} ${encode(value)}`)
    .sort()
    .map((pair) => pair.replace(" ", "="))
    .join("&");

const namesOf = (headers: Unsigned["headers"]): string => Object.keys(headers).sort().join(";");

const signatureOf = ({ method, url, headers, body }: Unsigned, signing: Signing): string => {
  const names = namesOf(headers);
  const lines = names.split(";").map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`);
  const path = url.pathname.split("/").map(encode).join("/");
  const canonical = [method, path, queryOf(url), ...lines, "", names, sha256(body)].join("\n");
  const scope = scopeOf(signing);
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${signing.credentials.secretAccessKey}`);
  return hmac(key, [algorithm, timeOf(signing.date), scope, sha256(canonical)].join("\n")).toString("hex");
};

/**
 * The headers of a request together with those that sign it: AWS Signature Version 4, every header signed
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function signedHeaders(request: Unsigned, signing: Signing): Readonly<Record<string, string>> {
  const { accessKeyId, sessionToken } = signing.credentials;
  const headers = {
    ...request.headers,
    host: request.url.host,
    "x-amz-date": timeOf(signing.date),
    ...(sessionToken ? { "x-amz-security-token": sessionToken } : {}),
  };
  const signature = signatureOf({ ...request, headers }, signing);
  const authorization = `${algorithm} Credential=${accessKeyId}/${scopeOf(signing)}, SignedHeaders=${namesOf(headers)}, Signature=${signature}`;
  return { ...headers, authorization };
}

/**
 * A URL that is a signed GET request for any sender, together with the same headers
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html, "Query parameters").
 *
 * @param seconds how long it may be used
 */
export function presignedUrl(
  url: URL,
  headers: Readonly<Record<string, string>>,
  seconds: number,
  signing: Signing,
): string {
  const { accessKeyId, sessionToken } = signing.credentials;
  const all = { ...headers, host: url.host };
  const signed = new URL(url);
  for (const [name, value] of [
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", `${accessKeyId}/${scopeOf(signing)}`],
    ["X-Amz-Date", timeOf(signing.date)],
    ["X-Amz-Expires", String(seconds)],
    ["X-Amz-SignedHeaders", namesOf(all)],
    ...(sessionToken ? [["X-Amz-Security-Token", sessionToken]] : []),
  ] as const)
    signed.searchParams.set(name as string, value as string);
  const signature = signatureOf({ method: "GET", url: signed, headers: all, body: "" }, signing);
  return `${url.origin}${url.pathname}?${queryOf(signed)}&X-Amz-Signature=${signature}`;
}
