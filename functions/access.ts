import { validateHeaderValue } from "node:http";
import { Agent, type RequestOptions } from "node:https";
import {
  AuthorizationV1Api,
  createConfiguration,
  type KubeConfig,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  type V1SubjectAccessReview,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import { type Answer, type NoAnswer, type Question, readAnswer } from "../lib/identity/question.ts";
import { accessFailure, credentialFailure, httpFailure, lateFailure } from "./access-failure.ts";
import { exchange } from "./exchange.ts";
import { usableContext } from "./usable-context.ts";

/**
 * Asks one cluster's API server. All questions go out together; `deadline` is in milliseconds since the epoch. Never rejects: a failure is
 * a `NoAnswer`, with a sentence that a person can act on and that holds no secret.
 */
export type Ask = (questions: readonly Question[], deadline: number) => Promise<readonly Answer[]>;

/** Connections to one API server. One review rarely asks more than three questions; the rest waits for a connection. */
const maxSockets = 16;
const longestTimer = 2 ** 31 - 1;

/** What a kubeconfig adds to a request: headers, and the TLS material of the connection. */
type Credentials = Pick<RequestOptions, "headers" | "ca" | "cert" | "key" | "servername">;

const credentialsOf = async (kubeconfig: KubeConfig): Promise<Credentials> => {
  const applied: RequestOptions = {};
  await kubeconfig.applyToHTTPSOptions(applied);
  const { ca, cert, key, servername } = applied;
  const headers = Object.entries(applied.headers ?? {}).map(([name, value]) => [name, String(value).trim()] as const);
  for (const [name, value] of headers) validateHeaderValue(name, value);
  return { ca, cert, key, ...(servername ? { servername } : {}), headers: Object.fromEntries(headers) };
};

/** client-node's own HTTP library opens a TLS connection for every call and has no way to end one. */
const httpLibrary = (agent: Agent, { headers, ...tls }: Credentials, signal: AbortSignal) =>
  wrapHttpLibrary({
    send: async (request: RequestContext) => {
      const options = {
        ...tls,
        method: request.getHttpMethod(),
        headers: { ...request.getHeaders(), "User-Agent": "impersonation-admission", ...headers },
        signal,
      };
      const reply = await exchange(agent, { url: request.getUrl(), options, body: String(request.getBody()) });
      const binary = async () => Buffer.from(reply.text);
      return new ResponseContext(reply.status, reply.headers, {
        text: async () => reply.text,
        binary,
        stream: () => null,
      });
    },
  });

const reviewOf = ({ groups, extra, ...rest }: Question): V1SubjectAccessReview => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: "SubjectAccessReview",
  spec: {
    ...rest,
    groups: [...groups],
    extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
  },
});

/**
 * Opens the way to one context's API server: one pool of kept-alive connections, credentials as the kubeconfig says. Throws, with the
 * context and the field named, for what cannot work (see `usableContext`); nothing is sent before the first question.
 *
 * @example const ask = accessOf(kubeconfig, "prod"); const [answer] = await ask([question], Date.now() + 2_000);
 */
export const accessOf = (kubeconfig: KubeConfig, context: string): Ask => {
  const own = usableContext(kubeconfig, context);
  const baseServer = new ServerConfiguration(own.getCurrentCluster()?.server ?? "", {});
  const agent = new Agent({ keepAlive: true, maxSockets, rejectUnauthorized: true });
  const command: string | undefined = own.getCurrentUser()?.exec?.command;

  const answerTo = async (
    question: Question,
    credentials: Promise<Credentials | NoAnswer>,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const given = await credentials;
    if ("failure" in given) return given;
    const api = new AuthorizationV1Api(createConfiguration({ baseServer, httpApi: httpLibrary(agent, given, signal) }));
    try {
      const body = reviewOf(question);
      const reply = await api.createSubjectAccessReviewWithHttpInfo({ body, fieldValidation: "Strict" });
      const status = reply.httpStatusCode;
      if (status !== 200 && status !== 201) return httpFailure(context, status);
      // The JSON itself: client-node's model classes lose what they do not expect.
      return readAnswer(JSON.parse(await reply.body.text()));
    } catch (error) {
      return accessFailure(context, error);
    }
  };

  return async (questions, deadline) => {
    const milliseconds = deadline - Date.now();
    const late = lateFailure(context, milliseconds);
    if (milliseconds <= 0 || questions.length === 0) return questions.map(() => late);
    const end = new AbortController();
    const expired = new Promise<NoAnswer>((resolve) => {
      end.signal.addEventListener("abort", () => resolve(late));
    });
    const timer = setTimeout(() => end.abort(), Math.min(milliseconds, longestTimer));
    // Once for all questions: an exec plugin is a process.
    const credentials = credentialsOf(own).catch((error: unknown) => credentialFailure(context, command, error));
    const answers = questions.map((question) => answerTo(question, credentials, end.signal));
    try {
      return await Promise.all(answers.map((answer) => Promise.race([answer, expired])));
    } finally {
      clearTimeout(timer);
    }
  };
};
