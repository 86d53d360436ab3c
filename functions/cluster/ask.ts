import { Agent } from "node:https";
import { type Answer, type NoAnswer, type Question, readAnswer } from "../../lib/question/question.ts";
import { exchange, type HttpReply } from "../net/exchange.ts";
import { queue } from "../net/queue.ts";
import { singleFlightLookup } from "../net/single-flight-lookup.ts";
import { accessFailure, credentialFailure, httpFailure, lateFailure, Unanswered } from "./access-failure.ts";
import { type ContextUse, checkedContext } from "./checked-context.ts";
import { type Credentials, type CredentialsOf, credentialsFrom } from "./credentials.ts";
import type { Kubeconfig } from "./kubeconfig.ts";
import { isSameQuestion } from "./same-question.ts";
import { sendWithRetries } from "./send-with-retries.ts";

/**
 * Asks one cluster's API server. All questions go out together; `deadline` is in milliseconds since the epoch. Never rejects: a failure is
 * a `NoAnswer`, with a sentence that a person can act on and that holds no secret.
 */
export type Ask = (questions: readonly Question[], deadline: number) => Promise<readonly Answer[]>;

/** Questions to one API server at once, each on a connection of its own. One review rarely asks more than three. */
const mostAtOnce = 16;
/** Four times what one review may ask. More than that will not be answered in time either. */
const mostWaiting = 256;
/** Node tries the next address of a name after 250 ms, which gives up every address of a cluster that is an ocean away. */
const autoSelectFamilyAttemptTimeout = 1_000;
/** What stays of the time, in milliseconds: at the deadline the verdict must be written, not only known. */
const writing = 100;
const longestTimer = 2 ** 31 - 1;

/**
 * SubjectAccessReviews are posted here, not by client-node's AuthorizationV1Api: it opens a TLS connection for every call, and over one
 * that is kept its layers took 8 % of a question's CPU time.
 */
const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict";
const headers = {
  "Content-Type": "application/json",
  Accept: "application/json",
  "User-Agent": "impersonation-admission",
};

const reviewOf = (spec: Question) => ({ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec });

const anotherAnswer: NoAnswer = { code: 502, failure: "the SubjectAccessReview came back with another question" };

export interface AskOptions extends ContextUse {
  /**
   * What messages call the cluster: `cluster "prod"` for one of a registry, because users read them in denials and the context's name
   * may be an ARN. Absent: `context "NAME"`.
   */
  readonly label?: string;
}

/**
 * Opens the way to one context's API server: one pool of kept-alive connections, credentials as the kubeconfig says. Throws, with the
 * context and the field named, for what cannot work (see `usableContext`); nothing is sent before the first question.
 *
 * @example const ask = accessOf(kubeconfig, "prod"); const [answer] = await ask([question], Date.now() + 2_000);
 */
export function askOf(kubeconfig: Kubeconfig, context: string, options: AskOptions = {}): Ask {
  const label = options.label ?? `context ${JSON.stringify(context)}`;
  const own = checkedContext(kubeconfig, context, options);
  const url = `${own.server}${path}`;
  // No maxSockets: a connection that the agent replaces for a request in its own queue outlives that request.
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: !own.insecure,
    autoSelectFamilyAttemptTimeout,
    lookup: singleFlightLookup(),
  });
  const inTurn = queue(mostAtOnce, mostWaiting);
  const issued = credentialsFrom(own);
  const credentialsOf: CredentialsOf = (refused) =>
    issued(refused).catch((error: unknown) => {
      throw new Unanswered(credentialFailure(label, own.exec?.command, error));
    });

  const post = (body: string, deadline: number, signal: AbortSignal): Promise<HttpReply> => {
    const send = ({ headers: authorization, ...tls }: Credentials) => {
      const options = { ...tls, method: "POST", headers: { ...headers, ...authorization }, signal };
      return inTurn(signal, () => exchange(agent, { url, options, body }));
    };
    return sendWithRetries({ send, credentialsOf, deadline, signal });
  };

  const answerTo = async (question: Question, deadline: number, signal: AbortSignal): Promise<Answer> => {
    try {
      const { status, text } = await post(JSON.stringify(reviewOf(question)), deadline, signal);
      if (status !== 200 && status !== 201) return httpFailure(label, status, text);
      const review: unknown = JSON.parse(text);
      const answer = readAnswer(review);
      return "failure" in answer || isSameQuestion(question, review) ? answer : anotherAnswer;
    } catch (error) {
      return accessFailure(label, error);
    }
  };

  return async (questions, due) => {
    const deadline = due - writing;
    const milliseconds = deadline - Date.now();
    const late = lateFailure(label, milliseconds);
    if (milliseconds <= 0 || questions.length === 0) return questions.map(() => late);
    const end = new AbortController();
    const expired = new Promise<NoAnswer>((resolve) => {
      end.signal.addEventListener("abort", () => resolve(late));
    });
    const timer = setTimeout(() => end.abort(), Math.min(milliseconds, longestTimer));
    const answers = questions.map((question) => answerTo(question, deadline, end.signal));
    try {
      return await Promise.all(answers.map((answer) => Promise.race([answer, expired])));
    } finally {
      clearTimeout(timer);
    }
  };
}
