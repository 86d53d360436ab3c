import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange, type HttpReply } from "../net/exchange.ts";
import type { AwsService, AwsSettings } from "../settings.ts";
import { AwsFailure } from "./aws-failure.ts";
import { endpointOf, isRegion } from "./endpoint.ts";
import { ownCredentials } from "./own-credentials.ts";
import { signedHeaders } from "./sign.ts";

/** One request to an AWS API. */
export interface AwsRequest {
  readonly service: AwsService;
  /** Absent: the function's own. */
  readonly region?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Advice for a person, by the error's code without `Exception`. */
  readonly hints: Readonly<Record<string, string>>;
}

/**
 * Sends a request as the function's role, and returns the body of a 200. `deadline` is in milliseconds since the epoch. A request that was
 * throttled or got no answer or a 5xx goes out again. Throws an `AwsFailure` otherwise.
 */
export type AwsCall = (request: AwsRequest, deadline: number) => Promise<string>;

const titles: Readonly<Record<AwsService, string>> = {
  secretsmanager: "Secrets Manager",
  ssm: "Systems Manager",
  sts: "STS",
};

/** As the SDKs do in their standard mode (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). */
const mostAttempts = 3;
const longestFirstPause = 100;

/**
 * The code of an error in JSON 1.1, and in STS's XML and JSON. Its message is never read: a message about a signature repeats the session
 * token.
 */
const codeOf = (text: string): string =>
  /"__type" *: *"(?:[\w.]+#)?(\w+)"|<Code>([\w.]+)<\/Code>|"Code" *: *"([\w.]+)"/
    .exec(text)
    ?.slice(1)
    .find((code) => code) ?? "";

/** Worth another attempt: no reply, too many requests, or an error of the server. */
const isTransient = (reply: HttpReply | Error): boolean =>
  reply instanceof Error || reply.status >= 500 || reply.status === 429 || /Throttl/.test(codeOf(reply.text));

/** The failure in a few words. */
const failureOf = (where: string, reply: HttpReply | Error, hints: AwsRequest["hints"]): AwsFailure => {
  if (reply instanceof Error)
    return new AwsFailure(`${where} cannot be reached (${(reply as NodeJS.ErrnoException).code})`);
  const code = codeOf(reply.text);
  const hint = hints[code.replace(/Exception$/, "")];
  return new AwsFailure(`${where} answered ${reply.status}${code && ` (${code})`}${hint ? `; ${hint}` : ""}`);
};

export function awsCaller(settings: AwsSettings): AwsCall {
  const agents = {
    "http:": new HttpAgent({ keepAlive: true }),
    "https:": new HttpsAgent({ keepAlive: true, rejectUnauthorized: true }),
  };

  const send = async (
    { service, headers, body }: AwsRequest,
    region: string,
    signal: AbortSignal,
  ): Promise<HttpReply> => {
    const url = endpointOf(settings, service, region);
    const signing = { credentials: ownCredentials(settings), region, service, date: new Date() };
    const signed = signedHeaders({ method: "POST", url, headers, body }, signing);
    const options = { method: "POST", headers: signed, signal };
    return exchange(agents[url.protocol as keyof typeof agents], { url: url.href, options, body });
  };

  return async (request, deadline) => {
    const region = request.region ?? settings.region ?? "";
    if (!isRegion(region)) throw new AwsFailure(`${JSON.stringify(region)} is not an AWS region; set AWS_REGION`);
    const milliseconds = Math.max(deadline - Date.now(), 0);
    const where = `${titles[request.service]} in ${region}`;
    const signal = AbortSignal.timeout(milliseconds);
    const once = (): Promise<HttpReply | Error> =>
      send(request, region, signal).catch((error: Error) => {
        if (error instanceof AwsFailure) throw error;
        return error;
      });
    try {
      for (let attempt = 1; ; attempt += 1) {
        const reply = await once();
        if (!(reply instanceof Error) && reply.status === 200) return reply.text;
        if (attempt === mostAttempts || !isTransient(reply)) throw failureOf(where, reply, request.hints);
        await sleep(Math.random() * longestFirstPause * 2 ** (attempt - 1), undefined, { signal });
      }
    } catch (error) {
      throw signal.aborted ? new AwsFailure(`${where} did not answer within ${milliseconds} ms`) : error;
    }
  };
}
