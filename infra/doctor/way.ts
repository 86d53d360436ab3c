import { Agent, type AgentOptions } from "node:https";
import { exchange } from "../../functions/net/exchange.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { HeaderLine } from "../../lib/proxy/index.ts";

/** A request of which every header line is sent as it is, over HTTP/1.1. */
export interface RawRequest {
  /** Behind the URL of the way. */
  readonly path: string;
  /** Behind those that every request has. */
  readonly lines?: readonly HeaderLine[];
  /** Sent with POST. */
  readonly body?: object;
  /** The user's own where absent. */
  readonly credential?: "none" | "unknown token";
}

export interface RawReply {
  readonly status: number;
  /** Empty where the body is not a JSON object. */
  readonly body: JsonObject;
}

/** One way to an API server: directly, or through a proxy. */
export interface Way {
  readonly url: string;
  readonly send: (request: RawRequest) => Promise<RawReply>;
  readonly close: () => void;
}

export interface WayOptions {
  readonly url: string;
  /** What the server is verified by. */
  readonly trust: Pick<AgentOptions, "ca" | "servername" | "rejectUnauthorized">;
  /** The user's client certificate, where it has one. */
  readonly certificate: Pick<AgentOptions, "cert" | "key">;
  /** The user's `Authorization`, where it has a token. */
  readonly authorization: string | undefined;
  /** What is thrown where no answer comes, by the reason. */
  readonly failure: (reason: string) => Error;
}

const patience = 15_000;

/** Opens a way. Requests with another credential than the user's own go over connections without a client certificate. */
export function openWay({ url, trust, certificate, authorization, failure }: WayOptions): Way {
  const own = new Agent({ ...trust, ...certificate, keepAlive: true });
  const plain = new Agent({ ...trust, keepAlive: true });
  const credentials: Readonly<Record<"own" | NonNullable<RawRequest["credential"]>, string | undefined>> = {
    own: authorization,
    none: undefined,
    "unknown token": "Bearer impersonation-admission-doctor-unknown-token",
  };
  return {
    url,
    send: async ({ path, lines = [], body, credential }) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const value = credentials[credential ?? "own"];
      const headers: readonly HeaderLine[] = [
        ["Host", new URL(url).host],
        ["Accept", "application/json"],
        ["User-Agent", "impersonation-admission"],
        ...(value === undefined ? [] : [["Authorization", value] as const]),
        ...(body === undefined ? [] : [["Content-Type", "application/json"] as const]),
        ...(body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(text))] as const]),
        ...lines,
      ];
      const method = body === undefined ? "GET" : "POST";
      const options = { method, headers: headers.flat(), signal: AbortSignal.timeout(patience) };
      const agent = credential === undefined ? own : plain;
      const reply = await exchange(agent, { url: url + path, options, body: text }).catch((error: unknown) => {
        throw failure(reasonOf(error));
      });
      return { status: reply.status, body: objectIn(reply.text) };
    },
    close: () => {
      own.destroy();
      plain.destroy();
    },
  };
}

const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : `no answer in ${patience / 1_000} s`;

const objectIn = (text: string): JsonObject => {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
};
