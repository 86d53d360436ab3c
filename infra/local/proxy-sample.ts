import type { Arrival } from "../../functions/proxy/admit.ts";
import { readUserInfo, type UserInfo } from "../../lib/identity/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import type { JsonObject } from "../../lib/meta/json.ts";
import { bearerTokenOf, type HeaderLine, webSocketProtocolsOf } from "../../lib/proxy/index.ts";
import { UsageError } from "../command-line/usage.ts";

/** The result that an event of `events/proxy/` expects. What is left out is not compared. */
export interface ProxyExpectation {
  /** `impersonated`, `own token` or `no credential`. */
  readonly outcome?: string;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** The user that the request goes on as. */
  readonly user?: string;
  /** Exactly these, in this order. */
  readonly questions?: readonly string[];
  /** Exactly the header lines that are sent to the API server, in this order, without the credential. */
  readonly headers?: readonly string[];
  /** The message of a refusal. */
  readonly message?: string;
}

/** A file that holds a request to the proxy. */
export interface ProxySample {
  readonly door: "proxy";
  readonly name: string;
  readonly arrival: Arrival;
  /** Whose the credential of the request is; undefined where the cluster does not accept it. */
  readonly caller: UserInfo | undefined;
  readonly expect: ProxyExpectation;
}

/** The address of the peer where an event does not say one (RFC 5737). */
const peer = "192.0.2.1";

/**
 * Reads a request to the proxy: `method`, `target`, `headers` as a list of `Name: value`, and `caller`, whose credential it brings.
 *
 * @param file for the sentence of an error
 */
export function readProxySample(file: string, name: string, content: JsonObject): ProxySample {
  const refuse = (why: string): never => {
    throw new UsageError(`${file}: ${why}`);
  };
  const { method, target, headers = [], caller } = content;
  if (typeof method !== "string" || typeof target !== "string")
    return refuse("method and target must be texts, such as GET and /k8s/clusters/demo/api/v1/pods");
  if (!Array.isArray(headers)) return refuse("headers must be a list of texts, each Name: value");
  const lines = headers.map((line: unknown): HeaderLine => {
    const [, field, value] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/s.exec(String(line)) ?? [];
    if (field === undefined || value === undefined)
      return refuse(`headers holds ${JSON.stringify(line)}, which is not Name: value`);
    return [field, Buffer.from(value).toString("latin1")];
  });
  const user = caller === undefined ? undefined : readUserInfo(caller);
  if (user !== undefined && isProblem(user)) return refuse(user.problem.replace("request.userInfo", "caller"));
  const { token, problem } = webSocketProtocolsOf(lines);
  const bringsToken = [bearerTokenOf(lines), token, problem].some((each) => each !== undefined);
  if (user !== undefined && !bringsToken)
    return refuse("caller is given, but no header brings a credential; add Authorization: Bearer TOKEN to headers");
  const hasHost = lines.some(([field]) => field.toLowerCase() === "host");
  const host: readonly HeaderLine[] = hasHost ? [] : [["Host", "proxy.example.com"]];
  return {
    ...{ door: "proxy", name, caller: user },
    arrival: { method, target, lines: [...host, ...lines], peer },
    expect: (content["expect"] ?? {}) as ProxyExpectation,
  };
}
