import type { OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import type { Person } from "./cases.ts";

/** A client that an API server trusts to name any user (`--requestheader-client-ca-file`), with name, groups and extra. */
export type FrontProxy = (person: Person, request: ProxiedRequest) => Promise<ProxiedResponse>;

export interface ProxiedRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  /** An object, or JSON text for what no JavaScript value can say. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** `Impersonate-User`. */
  readonly impersonate?: string;
}

export interface ProxiedResponse {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an API object of whatever kind was asked for
  readonly body: any;
  /** The body as it was sent. */
  readonly text: string;
}

/** The name that its certificate must have. */
export const frontProxyName = "front-proxy";

export const frontProxyFlags = (caFile: string): readonly string[] => [
  `--requestheader-client-ca-file=${caFile}`,
  `--requestheader-allowed-names=${frontProxyName}`,
  "--requestheader-username-headers=X-Remote-User",
  "--requestheader-group-headers=X-Remote-Group",
  "--requestheader-extra-headers-prefix=X-Remote-Extra-",
];

/** Node writes each character as one byte; the API server reads UTF-8. */
const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

const headersOf = ({ name, groups, extra }: Person, impersonate: string | undefined): OutgoingHttpHeaders => ({
  "x-remote-user": bytes(name),
  "x-remote-group": groups.map(bytes),
  ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`x-remote-extra-${key}`, values.map(bytes)])),
  ...(impersonate === undefined ? {} : { "impersonate-user": bytes(impersonate) }),
});

const deadline = 40_000;

export const frontProxy = (
  url: string,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
): FrontProxy => {
  const agent = new Agent({ ...tls, keepAlive: true });
  return (person, { method, path, body, contentType = "application/json", impersonate }) =>
    new Promise((resolve, reject) => {
      // A buffer: Node would join text to the headers, and write both as UTF-8.
      const content = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
      const headers = {
        accept: "application/json",
        "content-type": contentType,
        "content-length": content.length,
        ...headersOf(person, impersonate),
      };
      const outgoing = request(new URL(path, url), { method, agent, headers, timeout: deadline }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => {
          const json = response.headers["content-type"]?.startsWith("application/json");
          resolve({ status: response.statusCode ?? 0, body: json ? JSON.parse(text) : text, text });
        });
      });
      outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.end(content);
    });
};
