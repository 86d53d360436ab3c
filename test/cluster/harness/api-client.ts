import type { OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import type { Caller, Impersonation } from "./caller.ts";

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the root, with its query: `/api/v1/namespaces?dryRun=All`. */
  readonly path: string;
  /** An object, or JSON text for values that JavaScript cannot represent (numbers beyond 2^53, `1.0`). */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
}

export interface ApiResponse {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an API object of any requested kind
  readonly body: any;
  /** The body as it was sent: numbers beyond 2^53 are exact here. */
  readonly text: string;
  /** The texts of the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** A client of one API server, for requests that kubectl cannot send. An unsuccessful answer is returned, not thrown. */
export type ApiClient = (caller: Caller, request: ApiRequest) => Promise<ApiResponse>;

const deadline = 40_000;

/** `299 - "text"`, with quotes and backslashes escaped (RFC 9110 had it; RFC 7234 section 5.5 says how). */
const warningTexts = (header: string): readonly string[] =>
  [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1"));

const impersonationHeaders = ({ user, groups = [], extra = {} }: Impersonation): OutgoingHttpHeaders => ({
  "impersonate-user": user,
  "impersonate-group": [...groups],
  ...Object.fromEntries(Object.entries(extra).map(([key, value]) => [`impersonate-extra-${key}`, value])),
});

export const apiClient = (url: string, caPem: string): ApiClient => {
  const agent = new Agent({ ca: caPem, keepAlive: true });
  return (caller, { method = "GET", path, body, contentType = "application/json" }) =>
    new Promise((resolve, reject) => {
      const headers: OutgoingHttpHeaders = {
        authorization: `Bearer ${caller.token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": contentType }),
        ...(caller.impersonate ? impersonationHeaders(caller.impersonate) : {}),
      };
      const outgoing = request(new URL(path, url), { method, agent, headers, timeout: deadline }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => {
          const json = response.headers["content-type"]?.startsWith("application/json");
          const warnings = response.headersDistinct["warning"] ?? [];
          resolve({
            status: response.statusCode ?? 0,
            body: json ? JSON.parse(text) : text,
            text,
            warnings: warnings.flatMap(warningTexts),
          });
        });
      });
      outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
    });
};
