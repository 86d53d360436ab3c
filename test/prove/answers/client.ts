import type { OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import type { ControlPlane } from "../../cluster/control-plane.ts";

/** A call of the API server, and who makes it. */
export interface ApiCall {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly who: string;
  /** Makes the administrator act as them: only a request of that kind can bring extra along. */
  readonly extra?: Readonly<Record<string, string>>;
}

export interface ApiReply {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: an API object of whatever kind was written
  readonly body: any;
  /** The values of the Warning headers, byte for byte. */
  readonly warnings: readonly string[];
  /** By which the audit log's event is found. */
  readonly auditId: string;
}

export type Client = (call: ApiCall) => Promise<ApiReply>;

const deadline = 40_000;

/** A client that hides nothing: Node reads no more than 2000 headers and 16 KiB of them by default, and takes their bytes for Latin-1. */
export const clientOf = ({ connection, user }: ControlPlane): Client => {
  const agent = new Agent({ ca: connection.caPem, keepAlive: true });
  return ({ method, path, body, who, extra }) =>
    new Promise((resolve, reject) => {
      const headers: OutgoingHttpHeaders = {
        authorization: `Bearer ${user(extra ? "admin" : who).token}`,
        "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
        ...(extra
          ? {
              "impersonate-user": who,
              ...Object.fromEntries(Object.entries(extra).map(([key, value]) => [`impersonate-extra-${key}`, value])),
            }
          : {}),
      };
      const options = { method, agent, headers, timeout: deadline, maxHeaderSize: 1024 * 1024 };
      const outgoing = request(new URL(path, connection.url), options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject).on("end", () => {
          const raw = response.rawHeaders;
          const warnings = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === "warning");
          resolve({
            code: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString("utf8")),
            warnings: warnings.map((value) => Buffer.from(value, "latin1").toString("utf8")),
            auditId: String(response.headers["audit-id"]),
          });
        });
      });
      outgoing.maxHeadersCount = 0;
      outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
};
