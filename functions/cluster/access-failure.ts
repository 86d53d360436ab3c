import { isObject } from "../../lib/meta/json.ts";
import type { Answer, NoAnswer } from "../../lib/question/question.ts";
import { AwsFailure } from "../aws/aws-failure.ts";
import { tooLarge } from "../net/exchange.ts";
import { queueIsFull } from "../net/queue.ts";

/** Carries a finished `NoAnswer` up to the caller. */
export class Unanswered extends Error {
  override name = "Unanswered";
  readonly answer: NoAnswer;
  constructor(answer: NoAnswer, options?: ErrorOptions) {
    super(answer.failure, options);
    this.answer = answer;
  }
}

const server = (cluster: string) => `the API server of ${cluster}`;

/** Codes of the system and of its resolver, such as ECONNREFUSED and ENOTFOUND. EPROTO is how libuv reports a TLS failure. */
const isUnreachable = (code: string) => /^E(?!RR_|PROTO$)/.test(code);

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** The message of a `metav1.Status`; empty for anything else, such as a load balancer's HTML. */
const statusMessage = (body: string): string => {
  try {
    const status: unknown = JSON.parse(body);
    const message = isObject(status) && status["kind"] === "Status" ? status["message"] : undefined;
    return typeof message === "string" && message !== "" ? `: ${message.slice(0, 300)}` : "";
  } catch {
    return "";
  }
};

const refusals = new WeakSet<Answer>();

const refusal = (cluster: string): NoAnswer => {
  const failure = `the credentials of ${cluster} were refused (401); renew them`;
  const answer = { code: 502, failure } as const;
  refusals.add(answer);
  return answer;
};

/** Whether an answer says that our credentials were refused (401). The registry may hold others by now. */
export function isRefusal(answer: Answer): boolean {
  return refusals.has(answer);
}

/** The failure that an HTTP status other than 200 and 201 means; `body` is the text of the reply. */
export function httpFailure(cluster: string, status: number, body = ""): NoAnswer {
  if (status === 401) return refusal(cluster);
  if (status === 403)
    return {
      code: 502,
      failure: `the identity of ${cluster} may not create subjectaccessreviews${statusMessage(body)}`,
    };
  if (status >= 300 && status <= 399)
    return { code: 502, failure: `${server(cluster)} answered with a redirect (${status}), which is never followed` };
  return {
    code: status === 429 || status >= 500 ? 503 : 502,
    failure: `${server(cluster)} answered ${status}${statusMessage(body)}`,
  };
}

/** Why a request got no usable reply, from the error that Node threw. Only codes are repeated: messages hold addresses. */
export function accessFailure(cluster: string, error: unknown): NoAnswer {
  if (error instanceof Unanswered) return error.answer;
  const code = codeOf(error);
  if (code === undefined) return { code: 502, failure: `${server(cluster)} answered with invalid JSON` };
  if (code === tooLarge) return { code: 502, failure: `${server(cluster)} answered with more than 1 MiB` };
  if (code === queueIsFull)
    return { code: 503, failure: `too many questions to ${server(cluster)} are waiting already` };
  if (isUnreachable(code)) return { code: 503, failure: `${server(cluster)} cannot be reached (${code})` };
  if (code.startsWith("HPE_")) return { code: 502, failure: `${server(cluster)} does not speak HTTP (${code})` };
  return {
    code: 502,
    failure: `no trusted connection to ${server(cluster)} (${code}); check server, certificate-authority and tls-server-name`,
  };
}

/** The failure where there are no credentials. The output of an exec plugin is left out: it may be the credential. */
export function credentialFailure(cluster: string, command: string | undefined, error: unknown): NoAnswer {
  const from = command === undefined ? "" : ` from the exec plugin ${JSON.stringify(command)}`;
  const code = codeOf(error);
  const why = error instanceof AwsFailure ? `: ${error.message}` : code ? ` (${code})` : "";
  return { code: 502, failure: `could not get credentials for ${cluster}${from}${why}` };
}

export function lateFailure(cluster: string, milliseconds: number): NoAnswer {
  return {
    code: 504,
    failure:
      milliseconds > 0
        ? `${server(cluster)} did not answer within ${milliseconds} ms`
        : `no time was left to ask ${server(cluster)}`,
  };
}
