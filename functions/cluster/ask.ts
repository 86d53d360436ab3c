import { type Answer, isPathQuestion, type NoAnswer, type Question, readAnswer } from "../../lib/question/question.ts";
import type { HttpReply } from "../net/exchange.ts";
import { accessFailure, httpFailure, lateFailure } from "./access-failure.ts";
import type { Connection } from "./connection.ts";
import { isSameQuestion } from "./same-question.ts";
import { sendWithRetries } from "./send-with-retries.ts";

/**
 * Asks one cluster's API server. All questions go out together; `deadline` is in milliseconds since the epoch. Never rejects: a failure is
 * a `NoAnswer`, with a sentence that a person can act on and that holds no secret.
 */
export type Ask = (questions: readonly Question[], deadline: number) => Promise<readonly Answer[]>;

/** Time reserved for writing the response, in milliseconds. */
const writing = 100;
const longestTimer = 2 ** 31 - 1;

/**
 * SubjectAccessReviews are posted here, not by client-node's AuthorizationV1Api: it opens a TLS connection for every call, and over one
 * that is kept its layers took 8 % of a question's CPU time.
 */
const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict";

const reviewOf = (spec: Question) => ({ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec });

/** Kubernetes 1.30 has no selectors in a question, and asks its own authorizers without them. */
const refusesSelectors = ({ status, text }: HttpReply): boolean =>
  status === 400 && /unknown field \\?"spec\.resourceAttributes\.(field|label)Selector/.test(text);

const withoutSelectors = (question: Question): Question => {
  if (isPathQuestion(question)) return question;
  const { fieldSelector: _, labelSelector: __, ...resourceAttributes } = question.resourceAttributes;
  return { ...question, resourceAttributes };
};

const anotherAnswer: NoAnswer = { code: 502, failure: "the SubjectAccessReview came back with another question" };

/**
 * Asks questions over a connection.
 *
 * @example const ask = askOf(openConnection(kubeconfig, "prod")); const [answer] = await ask([question], Date.now() + 2_000);
 */
export function askOf({ label, send }: Connection): Ask {
  const answerTo = async (question: Question, deadline: number, signal: AbortSignal): Promise<Answer> => {
    const replyTo = (asked: Question): Promise<HttpReply> =>
      sendWithRetries(send, { path, body: JSON.stringify(reviewOf(asked)), signal }, deadline);
    try {
      const first = await replyTo(question);
      const { status, text } = refusesSelectors(first) ? await replyTo(withoutSelectors(question)) : first;
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
